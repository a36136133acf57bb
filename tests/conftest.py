"""Alice owns the tenant, Bob works in it, Dora is its help desk, Charlie owns another one. Every page is asked what it does for each."""

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client, TransactionTestCase
from django.urls import clear_script_prefix
from django.utils import timezone
from pytest_httpserver import HTTPServer

from apps.accounts.actions import add_administrator
from apps.accounts.destinations import SIGNED_IN_AT
from apps.accounts.models import Role
from apps.accounts.second_factors import RULE
from apps.directory.actions import add_user
from apps.directory.models import User
from apps.events.actors import Actor
from apps.platform.actions import add_operator
from apps.tenants.actions import create_tenant
from apps.tenants.addresses import path_prefix
from apps.tenants.context import in_tenant, outside_tenants
from apps.tenants.models import Tenant
from tests import emptying
from tests.scheduling import TOGETHER, ByFolder, scope_of

# A slow moment of a shared machine is no failure.
hypothesis.settings.register_profile("shared-machine", deadline=None)
hypothesis.settings.load_profile("shared-machine")

PASSWORD = "correct horse battery"


TransactionTestCase._fixture_teardown = lambda _case: emptying.empty()  # type: ignore[method-assign]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    return ByFolder(config, log)


@pytest.hookimpl(optionalhook=True, wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """-n auto: one more than there are processors, because whole folders (tests/scheduling.py) wait for other processes."""
    chosen = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return (yield) + (not chosen)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first of a folder starts its installation, which takes its time on a busy machine."""
    for item in items:
        if scope_of(item.nodeid) in TOGETHER and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def make_httpserver() -> Iterator[HTTPServer]:
    """A browser may open a connection and say nothing on it; with a thread for each, the others are answered meanwhile."""
    with HTTPServer(threaded=True) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_tenant_left_over() -> Iterator[None]:
    """Code must not lean on a tenant or script prefix that an earlier test left behind."""
    clear_script_prefix()
    with outside_tenants():
        yield
    clear_script_prefix()


@pytest.fixture(autouse=True)
def _files_of_the_log(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Copies of checkpoints and archives belong to one test; the folders are made when something is written."""
    folder = tmp_path_factory.getbasetemp() / str(uuid4())
    settings.EVENT_CHECKPOINTS, settings.EVENT_ARCHIVES = (
        str(folder / "checkpoints"),
        str(folder / "archives"),
    )


@cache
def _key(number: int, public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent, key_size)


@pytest.fixture(autouse=True)
def _keys_are_made_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making an RSA key takes longer than most tests: the product's first of one test is its first of the next, and so on. Within a
    test they differ. Not where an installation outlives the test: what it keeps of one would be what a stranger has in the next."""
    if scope_of(request.node.nodeid) in TOGETHER:
        return
    numbers = count()
    kept = SimpleNamespace(generate_private_key=lambda **which: _key(next(numbers), **which))
    monkeypatch.setattr("apps.lib.crypto.rsa", kept)


@dataclass
class Person:
    user: User
    tenant: Tenant
    client: Client

    def url(self, path: str) -> str:
        return path_prefix(self.tenant).rstrip("/") + path

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.client.get(self.url(path), **kwargs)

    def post(self, path: str, data: Any = None, **kwargs: Any) -> Any:
        return self.client.post(self.url(path), data or {}, **kwargs)


@pytest.fixture
def system() -> Actor:
    return Actor.system()


@pytest.fixture
def tenant(db: None) -> Tenant:
    return create_tenant(slug="acme", name="Acme Robotics")


@pytest.fixture
def other_tenant(db: None) -> Tenant:
    return create_tenant(slug="globex", name="Globex")


@pytest.fixture
def inside(tenant: Tenant) -> Iterator[Tenant]:
    """Runs the test inside the tenant acme, for tests below the pages."""
    with in_tenant(tenant):
        yield tenant


def person(tenant: Tenant, username: str, *, role: str | None = None) -> Person:
    with in_tenant(tenant):
        user = add_user(
            actor=Actor.system(),
            username=username,
            email=f"{username}@{tenant.slug}.example",
            first_name=username.title(),
            last_name="Example",
            password=PASSWORD,
        )
        if role:
            add_administrator(user, actor=Actor.system(), role=role)
    client = Client(SCRIPT_NAME="")
    client.cookies.clear()
    signed_in = Person(user, tenant, client)
    sign_in(signed_in)
    return signed_in


def sign_in(who: Person) -> None:
    """Without the sign-in page, but with a session of the person's own tenant."""
    with in_tenant(who.tenant):
        who.client.force_login(who.user, backend="apps.accounts.backends.TenantBackend")
    rule = Tenant.objects.values_list("second_factor_version", flat=True).get(pk=who.tenant.pk)
    signed_in(who.client, timezone.now(), rule=rule)


def signed_in(client: Client, moment: datetime | None, *, rule: int = 0) -> None:
    """The session was begun under that `rule` on second factors, and remembers `moment` as the one when its person last showed who they are; None as that it does not know."""
    session = client.session
    session.pop(SIGNED_IN_AT, None)
    if rule:
        session[RULE] = rule
    if moment is not None:
        session[SIGNED_IN_AT] = moment.timestamp()
    session.save()


@pytest.fixture
def alice(tenant: Tenant) -> Person:
    return person(tenant, "alice", role=Role.OWNER)


@pytest.fixture
def bob(tenant: Tenant) -> Person:
    return person(tenant, "bob")


@pytest.fixture
def charlie(other_tenant: Tenant) -> Person:
    return person(other_tenant, "charlie", role=Role.OWNER)


@pytest.fixture
def dora(tenant: Tenant) -> Person:
    """The help desk."""
    return person(tenant, "dora", role=Role.HELP_DESK)


def operator(username: str) -> Person:
    user = add_operator(username=username, email=f"{username}@host.example", password=PASSWORD)
    made = Person(user, user.tenant, Client())
    sign_in(made)
    return made


@pytest.fixture
def olivia(db: None) -> Person:
    """An operator of the installation."""
    return operator("olivia")
