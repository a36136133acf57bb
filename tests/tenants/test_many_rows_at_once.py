"""insert_all and update_all write what save() would have written, for many rows in one statement, and for the tenant in context alone."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy

from apps.applications.actions import add_application
from apps.provisioning import actions
from apps.provisioning.models import Attempt, Integration, Job, Outcome, RemoteUser, ResourceKind
from apps.tenants.bulk import insert_all, new_ids, update_all
from apps.tenants.context import in_tenant
from apps.tenants.errors import TenantError

pytestmark = pytest.mark.django_db

HOSTILE = 'O\'Neil \\ "x" %s {} \u2028 ünï 漢'
MOMENT = dt.datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=dt.UTC)


@pytest.fixture
def integration(inside, system) -> Integration:
    application = add_application(actor=system, connector="custom_saml", display_label="Target")
    return actions.configure_integration(
        application, actor=system, base_url="https://scim.example/v2", token="some-token-1234"
    )


def remote(integration, number, **fields):
    told = {"name": HOSTILE, "remote_id": f"r{number}", "sent": {"title": HOSTILE}} | fields
    return RemoteUser(integration=integration, user_id=uuid.uuid4(), **told)


def stored(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_rows_are_stored_as_save_stores_them(integration):
    rows = [remote(integration, 1, deactivated_at=MOMENT, active=False), remote(integration, 2)]
    insert_all(rows)
    for row in rows:
        assert not row._state.adding
        assert stored(RemoteUser.objects.get(pk=row.pk)) == stored(row)
    job = Job.objects.create(integration=integration, kind=ResourceKind.USER, resource_id=uuid.uuid4())
    steps = [{"status": 201, "seconds": 0.125, "request": {"a": [1, None, True]}, "answer": HOSTILE}]
    attempt = Attempt(
        job=job, operation="create", outcome=Outcome.SUCCEEDED, status=201, seconds=0.25, steps=steps
    )
    insert_all([attempt])
    assert stored(Attempt.objects.get(pk=attempt.pk)) == stored(attempt)
    assert Attempt.objects.filter(request__isnull=True).count() == 1  # NULL, not the JSON value null


def test_it_is_one_statement_however_many_there_are(integration):
    for number in (1, 40):
        rows = [remote(integration, f"{number}-{each}") for each in range(number)]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            insert_all(rows)
            update_all(rows, ["name"])
            insert_all([])
            update_all([], ["name"])
        assert len(asked) == 2


def test_a_row_that_is_there_takes_over_what_is_named_and_nothing_else(integration):
    first = remote(integration, 1, linked=True)
    insert_all([first])
    again = remote(integration, 9, name="New", linked=False)
    again.user_id = first.user_id
    insert_all([again, remote(integration, 2)], unique=["integration", "user"], update=["name", "remote_id"])
    found = RemoteUser.objects.get(pk=first.pk)
    assert (found.name, found.remote_id, found.linked) == ("New", "r9", True)
    assert RemoteUser.objects.count() == 2


def test_a_row_that_is_there_may_stay_as_it_is(integration):
    first, second = remote(integration, 1), remote(integration, 2)
    insert_all([first])
    again = remote(integration, 9, name="New")
    again.user_id = first.user_id
    insert_all([again, second], unique=["integration", "user"])
    assert {row.pk: row.name for row in RemoteUser.objects.all()} == {first.pk: HOSTILE, second.pk: HOSTILE}


def test_what_must_be_unique_is(integration):
    insert_all([remote(integration, 1)])
    with pytest.raises(IntegrityError):
        insert_all([remote(integration, 2), remote(integration, 1)])


def test_each_row_gets_its_own_values(integration):
    rows = [remote(integration, number) for number in range(3)]
    insert_all(rows)
    for number, row in enumerate(rows):
        row.sent, row.deactivated_at, row.name = {"title": f"{number}'"}, MOMENT, "never written"
    update_all(rows[:2], ["sent", "deactivated_at"])
    found = {row.pk: row for row in RemoteUser.objects.all()}
    assert [found[row.pk].sent for row in rows] == [{"title": "0'"}, {"title": "1'"}, {"title": HOSTILE}]
    assert [found[row.pk].deactivated_at for row in rows] == [MOMENT, MOMENT, None]
    assert {row.name for row in found.values()} == {HOSTILE}


def test_what_is_translated_later_is_a_text(integration):
    row = remote(integration, 1, name=gettext_lazy("User"))
    insert_all([row])
    assert RemoteUser.objects.get().name == "User"


def test_another_tenants_row_is_neither_made_nor_changed(integration, other_tenant):
    row = remote(integration, 1)
    insert_all([row])
    with in_tenant(other_tenant):
        with pytest.raises(TenantError):
            update_all([row], ["name"])
        with pytest.raises(TenantError):
            insert_all([row])


def test_ids_are_as_random_as_uuid4s(inside):
    ids = new_ids()
    drawn = [next(ids) for _ in range(200)]
    assert len(set(drawn)) == 200
    assert {(each.version, each.variant) for each in drawn} == {(4, uuid.RFC_4122)}
