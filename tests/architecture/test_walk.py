"""docs/walk.md is true: every path that it names exists, with the symbol named after `::`."""

import ast
import re
from pathlib import Path

from tests.architecture.source import ROOT, text

WALK = Path("docs/walk.md")
QUOTED = re.compile(r"`([^`\n]+)`")
LINKED = re.compile(r"\]\(([^)#\s]+)")
PATH = re.compile(r"[\w.-]+(?:/[\w.<>-]*)+(?:::[\w.]+)?|[\w-]+\.(?:py|md|toml|html|css|js)(?:::[\w.]+)?")


def symbols(source: str) -> set[str]:
    """Names bound at the top of a module, and Class.member."""
    found = set()
    for node in ast.parse(source).body:
        for name in bound(node):
            found.add(name)
            if isinstance(node, ast.ClassDef):
                found |= {f"{name}.{member}" for inner in node.body for member in bound(inner)}
    return found


def bound(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def paths_named(page: str) -> list[str]:
    """Quoted words that are paths; an address of the portal begins with a slash and is none."""
    quoted = [word for word in QUOTED.findall(page) if PATH.fullmatch(word)]
    linked = [target for target in LINKED.findall(page) if "://" not in target]
    return quoted + [str((ROOT / WALK.parent / target).resolve().relative_to(ROOT)) for target in linked]


def untrue(page: str) -> list[str]:
    found = []
    for named in paths_named(page):
        path, _, symbol = named.partition("::")
        if not (ROOT / path).exists() or (symbol and symbol not in symbols(text(Path(path)))):
            found.append(named)
    return found


def test_a_path_or_a_symbol_that_is_not_there_is_found() -> None:
    here = "tests/architecture/test_walk.py"
    assert untrue("Read `apps/no_such/place.py`.") == ["apps/no_such/place.py"]
    assert untrue("Read `missing.py`.") == ["missing.py"]
    assert untrue("Read [it](no-such-page.md).") == ["docs/no-such-page.md"]
    assert untrue(f"Read `{here}::no_such_name`.") == [f"{here}::no_such_name"]
    assert not untrue(
        f"Read `{here}::symbols`, `{here}`, `tests/` and [this](walk.md), then open `/t/acme/` or `a | b`."
    )


def test_members_of_a_class_are_symbols() -> None:
    assert symbols("X = 1\ny: int = 2\nclass A:\n    z = 1\n    def f(self): ...\nasync def g(): ...") == {
        "X", "y", "A", "A.z", "A.f", "g",
    }  # fmt: skip


def test_the_walk_is_true() -> None:
    page = text(WALK)
    assert paths_named(page)
    assert untrue(page) == []
