"""Every refusal of a management command is one line on stderr, and its status is not 0."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, embedded_environment

COMMANDS = [
    ["createtenant", "globex", "--name", "Globex", "--admin", "gina", "--email", "gina@globex.example"],
    ["createapikey", "--tenant", "acme", "--admin", "olivia"],
    ["createscimtoken", "--tenant", "acme", "--name", "Okta"],
    ["verifyevents", "--tenant", "acme"],
]
PASSWORD = {"PORTAL_ADMIN_PASSWORD": "correct horse battery"}


def manage(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = embedded_environment(DATA_DIR=str(data), **environment)
    known.pop("PORTAL_ADMIN_PASSWORD", None)
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=known | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,  # seconds; all migrations take half a minute where others work beside
        check=False,
    )


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("migrated")
    assert manage(data, "migrate", "--no-input").returncode == 0
    return data


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_database_that_was_never_migrated_is_one_sentence(command: list[str], tmp_path: Path) -> None:
    refused = manage(tmp_path, *command, **PASSWORD)
    assert refused.returncode == 1
    assert (
        refused.stderr == "CommandError: The database is not up to date: run the command “migrate” first.\n"
    )


def test_a_database_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    refused = manage(tmp_path, *COMMANDS[3], DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/db.sqlite3")
    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: The database cannot be used: ")
    assert len(refused.stderr.splitlines()) == 1


def test_no_password_and_no_terminal_to_ask_at_is_one_sentence(migrated: Path) -> None:
    refused = manage(migrated, *COMMANDS[0])
    assert refused.returncode == 1
    assert refused.stderr == (
        "CommandError: There is no terminal to ask for the password: set PORTAL_ADMIN_PASSWORD.\n"
    )


@pytest.mark.parametrize(
    ("slug", "name", "field"),
    [("Bad_Slug", "Globex", "slug"), ("globex", "", "name")],
    ids=["slug", "name"],
)
def test_a_refused_tenant_names_the_field(slug: str, name: str, field: str, migrated: Path) -> None:
    command = ["createtenant", slug, "--name", name, "--admin", "gina", "--email", "gina@globex.example"]
    refused = manage(migrated, *command, **PASSWORD)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"CommandError: {field}: ")
    assert len(refused.stderr.splitlines()) == 1


def test_keys_and_tokens_stand_on_a_line_of_their_own(migrated: Path) -> None:
    data = migrated
    command = ["createtenant", "acme", "--name", "Acme", "--admin", "olivia", "--email", "o@acme.example"]
    assert manage(data, *command, **PASSWORD).returncode == 0
    twice = manage(data, *command, **PASSWORD)
    assert (twice.returncode, len(twice.stderr.splitlines())) == (1, 1)
    key = manage(data, *COMMANDS[1])
    assert (key.returncode, key.stderr, key.stdout.count("\n")) == (0, "", 1)
    assert key.stdout.startswith("gh_api_")
    token = manage(data, *COMMANDS[2], PUBLIC_URL="https://portal.example")
    base_url, secret = token.stdout.splitlines()
    assert (token.returncode, base_url) == (0, "https://portal.example/t/acme/scim/v2/")
    assert secret.startswith("gh_scim_")
    assert manage(data, *COMMANDS[3]).returncode == 0
