"""The repository as its tests read it: files, syntax trees, floors."""

import ast
import fnmatch
import functools
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def repository_files() -> tuple[Path, ...]:
    """Everything but what .gitignore names, relative to the root. No git: an unpacked archive is tested too."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line] + [".git"]

    def kept(name: str) -> bool:
        return not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)

    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if kept(name)]
        found += [(Path(folder) / name).relative_to(ROOT) for name in files if kept(name)]
    return tuple(sorted(found))


def files_under(*folders: str, suffix: str = ".py") -> list[Path]:
    """Migrations left out: Django writes them."""
    return [
        path
        for path in repository_files()
        if path.parts[0] in folders and path.suffix == suffix and "migrations" not in path.parts
    ]


@functools.cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def app_of(path: Path) -> str:
    """The app a file belongs to: "directory" for apps/directory/models.py."""
    return path.parts[1]


@functools.cache
def floors() -> dict[str, int]:
    """App name to the number of its floor, 0 the lowest, as the import linter's contract has them."""
    settings = tomllib.loads(text(Path("pyproject.toml")))
    contracts = {one["id"]: one for one in settings["tool"]["importlinter"]["contracts"]}
    lowest_first = reversed(contracts["floors"]["layers"])
    return {
        name.strip(" ()"): height for height, layer in enumerate(lowest_first) for name in layer.split("|")
    }


def dotted(node: ast.expr) -> str:
    """ "a.b.c" for a chain of names, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


def imported(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Every absolute module or module.name that the source imports, as it is called where it is defined."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)
