"""Every page of the table: at most twelve questions to the database. That the number of rows makes no difference, the pages' own tests say."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.applications.actions import assign_group
from apps.applications.models import Application
from apps.directory.actions import add_group, add_member, add_user, remove_group
from apps.events.actors import Actor
from apps.provisioning.models import RemoteGroup
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.browser.test_pages_are_accessible_and_quiet import PAGES, Row
from tests.queries import statements

MOST = 12  # queries per page
FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET ")


def asked(row: Row, furnished: dict[str, str], request: pytest.FixtureRequest) -> list[str]:
    """What the page asks the database, without what only frames a transaction."""
    who = request.getfixturevalue(row.who) if row.who else None
    client = who.client if who else Client()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(row.path.format(**furnished, self=who and who.user.pk))
    assert response.status_code == row.status, row.name
    return [sql for sql in statements(queries) if not sql.startswith(FRAME)]


def test_every_page_asks_at_most_twelve_questions(furnished: Any, request: pytest.FixtureRequest) -> None:
    found = {row.name: len(asked(row, furnished, request)) for row in PAGES}
    assert {name: number for name, number in found.items() if number > MOST} == {}
    assert all(found[name] for name in ("launcher", "console users", "console event"))  # or it counts nothing


def test_a_plan_asks_the_same_for_more_people_and_groups(
    furnished: Any, request: pytest.FixtureRequest, tenant: Tenant, system: Actor
) -> None:
    """Groups are managed there: some are created, some let go, some deleted."""
    row = next(row for row in PAGES if row.name == "console plan")
    few = asked(row, furnished, request)
    with in_tenant(tenant):
        application = Application.objects.get(pk=furnished["expenses"])
        for number in range(4):
            group = add_group(actor=system, name=f"Team {number}")
            person = add_user(actor=system, username=f"u{number}", email=f"u{number}@acme.example")
            add_member(group, person, actor=system)
            there = RemoteGroup(
                integration=application.integration, group=group, name=group.name, remote_id=f"t{number}"
            )
            if number:
                there.save()
            if number != 3:
                assign_group(application, group, actor=system)
            if number == 2:
                remove_group(group, actor=system)
    many = asked(row, furnished, request)
    assert len(few) == len(many) <= MOST
