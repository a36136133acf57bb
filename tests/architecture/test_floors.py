"""An app knows only the floors below it: in imports (import-linter's contracts) and in strings, which no import shows."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.source import ROOT, app_of, dotted, files_under, floors, text

LINT = [
    sys.executable,
    "-c",
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))",
]
RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField", "GenericRelation"}
RELATION_OPTIONS = {None, "to", "through"}  # None: the first argument


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the linter changes logging and the import path."""
    return subprocess.run(LINT, cwd=folder, capture_output=True, text=True, check=False)


def model_strings(call: ast.Call) -> list[str]:
    arguments = [(None, value) for value in call.args[:1]] + [(one.arg, one.value) for one in call.keywords]
    values = [value for name, value in arguments if name in RELATION_OPTIONS]
    strings = [
        value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)
    ]
    return strings + [
        "directory.User" for value in values if dotted(value).endswith("settings.AUTH_USER_MODEL")
    ]


def apps_named_in_strings(source: str) -> list[tuple[str, int]]:
    """Apps named by a relation ("console.Page"), by get_model or by a dotted path ("apps.console.tasks.look")."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in RELATIONS | {"get_model"}:
            found += [(name.split(".")[0], node.lineno) for name in model_strings(node)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            path = re.fullmatch(r"apps\.(\w+)(?:\.\w+)*", node.value)
            found += [(path[1], node.lineno)] if path else []
    return found


def upward_strings(source: str, app: str) -> list[str]:
    height = floors()
    return [
        f"line {line}: {app} names {other}"
        for other, line in apps_named_in_strings(source)
        if other in height and other != app and height[other] >= height[app]
    ]


def test_strings_that_point_upward_are_found() -> None:
    assert upward_strings("x = models.ForeignKey('console.Page', on_delete=models.CASCADE)", "directory")
    assert upward_strings("x = models.ManyToManyField(Own, through='scim.Link')", "directory")
    assert upward_strings("x = OneToOneField(to='saml.Key')", "provisioning"), "neighbours are strangers too"
    assert upward_strings("x = models.ForeignKey(settings.AUTH_USER_MODEL)", "tenants")
    assert upward_strings("Page = apps.get_model('console.Page')", "lib")
    assert upward_strings("send_task('apps.provisioning.tasks.look')", "outbox")


def test_strings_that_point_downward_or_home_are_not() -> None:
    assert not upward_strings("x = models.ForeignKey(settings.AUTH_USER_MODEL)", "applications")
    assert not upward_strings(
        "x = models.ForeignKey('directory.Group')\ny = ForeignKey('self')", "applications"
    )
    assert not upward_strings("name = 'apps.directory'", "directory")


def test_no_string_points_to_a_floor_above() -> None:
    found = {
        str(path): upward_strings(text(path), app_of(path))
        for path in files_under("apps")
        if len(path.parts) > 2
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_every_app_has_a_floor() -> None:
    apps = {path.parts[1] for path in files_under("apps") if len(path.parts) > 2}
    assert apps <= floors().keys()


def small_project(folder: Path) -> None:
    """Every module that the contracts name, empty."""
    (folder / "pyproject.toml").write_text(text(Path("pyproject.toml")))
    settings = tomllib.loads(text(Path("pyproject.toml")))["tool"]["importlinter"]
    modules = {"portal", "apps", *(f"apps.{app}" for app in floors())}
    for contract in settings["contracts"]:
        for option in ("containers", "source_modules", "forbidden_modules", "ancestors"):
            modules |= {name for name in contract.get(option, []) if name.split(".")[0] in {"apps", "portal"}}
    for name in modules:
        package = folder.joinpath(*name.split("."))
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()


def test_an_upward_import_breaks_the_contracts(tmp_path: Path) -> None:
    small_project(tmp_path)
    clean = lint(tmp_path)
    assert clean.returncode == 0, clean.stdout
    (tmp_path / "apps/lib/bad.py").write_text("import apps.console\n")
    broken = lint(tmp_path)
    assert broken.returncode != 0
    assert "apps.lib.bad -> apps.console" in broken.stdout


def test_the_contracts_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
