"""One furnished organisation for all pages that are only looked at: to furnish and clear it for each took a sixth of their time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import Role
from apps.events.actors import Actor
from apps.tenants.actions import create_tenant
from apps.tenants.context import outside_tenants
from tests import emptying
from tests.browser.conftest import LIGHT, new_context
from tests.browser.furnished_keys import somebody_with_a_passkey
from tests.browser.furnished_tenant import furnish
from tests.browser.visitor import Visitor
from tests.conftest import Person, operator, person


@dataclass
class Showroom:
    """`people` who have signed in, and what `furnish` made: name → id. Who opens a page must leave everything as it was."""

    chromium: Any
    base_url: str
    people: dict[str, Person]
    ids: dict[str, str]
    windows: dict[str, Visitor] = field(default_factory=dict)

    def window(self, who: str) -> Visitor:
        """Of that person, "" for a stranger. Each keeps theirs: a new one for each page took nearly half of its time."""
        if who in self.windows:
            self.windows[who].start_over(**LIGHT)
        else:
            visitor = self.windows[who] = Visitor(
                new_context(self.chromium, **LIGHT).new_page(), self.base_url
            )
            if who:
                visitor.be(self.people[who])
        return self.windows[who]

    def close(self) -> None:
        for visitor in self.windows.values():
            visitor.page.context.close()


@pytest.fixture(scope="module")
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's: what is committed goes after the last test of the module that this worker has, not after each."""
    with django_db_blocker.unblock():
        yield
        emptying.empty()
        connections.close_all()  # Django's own does so, too: a database that somebody uses cannot go


@pytest.fixture(scope="module")
def showroom(transactional_db: None, chromium: Any) -> Iterator[Showroom]:
    with outside_tenants():
        tenant = create_tenant(slug="acme", name="Acme Robotics")
        people = {"bob": person(tenant, "bob"), "alice": person(tenant, "alice", role=Role.OWNER)}
        people["erin"] = somebody_with_a_passkey(tenant)
        ids = furnish(tenant, **people, system=Actor.system())
        people["dora"] = person(tenant, "dora", role=Role.HELP_DESK)
        people["olivia"] = operator("olivia")
    server = LiveServer("localhost")
    # Its last answers end, and leave the database, before that goes.
    server.thread.httpd.daemon_threads = False
    room = Showroom(chromium, server.url, people, ids)
    yield room
    room.close()
    server.stop()
