"""What people rely on by name is written down: every setting from the environment and every command stands in the README."""

import re
from pathlib import Path

from tests.architecture.source import files_under, repository_files, text
from tests.architecture.test_walk import paths_named, untrue

README = Path("README.md")
FROM_ENVIRONMENT = re.compile(r"\benv(?:\.\w+)?\(\s*\"([A-Z][A-Z_]+)\"")


def undocumented(names: set[str], page: str) -> set[str]:
    return {
        name for name in names if not re.search(rf"`[^`\n]*(?<![\w]){re.escape(name)}(?![\w])[^`\n]*`", page)
    }


def test_a_name_that_is_not_quoted_is_found() -> None:
    assert FROM_ENVIRONMENT.findall('env.list(\n    "ALLOWED_HOSTS", default=[])\nenv("KEY")') == [
        "ALLOWED_HOSTS",
        "KEY",
    ]
    assert undocumented({"PORT", "HOST", "bin/x"}, "PORT, `HOSTS`, `PORT_NUMBER` and `bin/x --port`") == {
        "PORT",
        "HOST",
    }


def test_every_setting_stands_in_the_readme() -> None:
    names = {name for path in files_under("portal") for name in FROM_ENVIRONMENT.findall(text(path))}
    assert "DATABASE_URL" in names
    assert undocumented(names, text(README)) == set()


def test_every_command_stands_in_the_readme() -> None:
    commands = {
        str(path) for path in repository_files() if path.parts[0] == "bin" and not path.name.startswith("_")
    }
    assert "bin/demo" in commands
    assert undocumented(commands, text(README)) == set()


def test_links_in_the_readme_lead_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text(README)) if "://" not in target]
    assert targets
    folders = {parent for path in repository_files() for parent in path.parents}
    assert {target for target in targets if Path(target) not in folders | set(repository_files())} == set()


def test_the_table_of_threats_names_what_is_there() -> None:
    page = text(Path("docs/security.md"))
    assert len(paths_named(page)) > 20
    assert untrue(page) == []


def test_the_table_of_promises_names_what_is_there() -> None:
    page = text(Path("docs/reliability.md"))
    assert len(paths_named(page)) > 5
    assert untrue(page) == []


def test_every_sentence_of_the_vendors_guides_names_a_test_that_is_there() -> None:
    page = text(Path("docs/provisioning.md"))
    assert untrue(page) == []
    assert untrue(page + "`tests/provisioning/test_the_guides_come_true.py::test_that_nobody_wrote`") != []
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) > 40
    assert [row for row in rows if "::test_" not in row and not row.endswith("| test |")] == []


def test_every_threat_has_a_control_and_a_test() -> None:
    rows = [line for line in text(Path("docs/security.md")).splitlines() if line.startswith("| ")]
    assert rows
    without = [
        row for row in rows if row.count(" | ") != 2 or ("tests/" not in row and not row.endswith(" test |"))
    ]
    assert without == []
