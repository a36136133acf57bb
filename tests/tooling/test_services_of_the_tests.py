import os
from pathlib import Path

import pytest

from tests import emptying, services
from tests.conftest import Person


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With nothing installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(services, "DEBIAN", tmp_path / "postgresql")
    return tmp_path


def install(place: Path) -> str:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch(mode=0o755)
    return str(place)


@pytest.mark.parametrize("name", ["initdb", "postgres", "redis-server"])
def test_what_is_missing_is_said_in_one_sentence(machine: Path, name: str) -> None:
    with pytest.raises(SystemExit) as end:
        services.program(name)
    assert str(end.value) == (
        f"bin/test --services needs {name}: install PostgreSQL and Redis "
        "(on Debian and Ubuntu: apt-get install postgresql redis-server) and start again."
    )


def test_the_newest_of_debians_is_taken_unless_the_path_has_one(machine: Path) -> None:
    install(machine / "postgresql/9.6/bin/initdb")
    newest = install(machine / "postgresql/15/bin/initdb")
    assert services.program("initdb") == newest
    on_path = install(machine / "initdb")
    assert services.program("initdb") == on_path


def test_postgresql_does_not_run_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert services.unprivileged() in {"postgres", "nobody"}
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert services.unprivileged() is None


@pytest.mark.django_db(transaction=True)
def test_what_was_committed_of_every_tenant_goes(alice: Person, charlie: Person) -> None:
    """Events too, which nobody may delete otherwise."""
    assert emptying.filled() >= {"tenants_tenant", "directory_user", "events_event", "django_session"}
    emptying.empty()
    assert emptying.filled() == set()
