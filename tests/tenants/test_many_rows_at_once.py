"""insert_rows and update_rows write what save() would have written, for many rows in one statement, and for the tenant in context alone."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, connection
from django.db.models import F
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import gettext_lazy

from apps.applications.actions import add_application
from apps.provisioning import actions
from apps.provisioning.models import Attempt, Integration, Job, Outcome, RemoteUser
from apps.tenants.bulk import insert_rows, new_ids, update_rows
from apps.tenants.context import in_tenant, outside_tenants
from apps.tenants.errors import NoTenantError
from apps.tenants.lookups import ById

pytestmark = pytest.mark.django_db

HOSTILE = 'O\'Neil \\ "x" %s {} \u2028 ünï 漢'
MOMENT = dt.datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=dt.UTC)


@pytest.fixture
def integration(inside, system) -> Integration:
    application = add_application(actor=system, connector="custom_saml", display_label="Target")
    return actions.configure_integration(
        application, actor=system, base_url="https://scim.example/v2", token="some-token-1234"
    )


def remote(integration, number, **own):
    told = {"name": HOSTILE, "remote_id": f"r{number}", "sent": {"title": HOSTILE}}
    return {"id": uuid.uuid4(), "integration_id": integration.pk, "user_id": uuid.uuid4()} | told | own


def stored(row):
    """But for the moments that a row fills in by itself."""
    own = {"created_at", "last_success_at"}
    return {
        each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields if each.name not in own
    }


def same(model, row):
    """As it is found, and as save() of a model with the same values would leave it."""
    saved, found = model(**row), model.objects.get(pk=row["id"])
    saved.take_tenant()
    assert stored(found) == stored(saved)
    assert found.created_at.tzinfo
    assert abs(found.created_at - timezone.now()) < dt.timedelta(minutes=1)


def test_rows_are_stored_as_save_stores_them(integration):
    rows = [remote(integration, 1, deactivated_at=MOMENT, active=False), remote(integration, 2)]
    rows[1] |= {"deactivated_at": None, "active": True}
    insert_rows(RemoteUser, rows)
    for row in rows:
        same(RemoteUser, row)
    job = {"id": uuid.uuid4(), "integration_id": integration.pk, "kind": "user", "resource_id": uuid.uuid4()}
    insert_rows(Job, [job])
    same(Job, job)
    steps = [{"status": 201, "seconds": 0.125, "request": {"a": [1, None, True]}, "answer": HOSTILE}]
    attempt = {"id": uuid.uuid4(), "job_id": job["id"], "operation": "create", "outcome": Outcome.SUCCEEDED}
    attempt |= {"status": 201, "steps": steps}
    insert_rows(Attempt, [attempt])
    same(Attempt, attempt)
    insert_rows(Job, [job | {"id": uuid.uuid4(), "resource_id": uuid.uuid4(), "expected": None}])
    assert Job.objects.filter(expected__isnull=True).count() == 2  # NULL, not the JSON value null


def test_rows_need_not_have_the_same_columns(integration):
    """What one of them leaves out is what all have in common, else the model's default."""
    rows = [remote(integration, 1, active=False), remote(integration, 2, linked=False)]
    insert_rows(RemoteUser, rows, common={"deactivated_at": MOMENT, "linked": True})
    found = [RemoteUser.objects.get(pk=row["id"]) for row in rows]
    assert [(row.active, row.linked, row.managed) for row in found] == [
        (False, True, True),
        (True, False, True),
    ]
    assert {row.deactivated_at for row in found} == {MOMENT}


def test_it_is_one_statement_however_many_there_are(integration):
    for number in (1, 40):
        rows = [remote(integration, f"{number}-{each}") for each in range(number)]
        with CaptureQueriesContext(connection) as asked:
            insert_rows(RemoteUser, rows)
            update_rows(RemoteUser, [{"id": row["id"], "name": "x"} for row in rows])
            insert_rows(RemoteUser, [])
            update_rows(RemoteUser, [])
        assert len(asked) == 2


def test_a_row_that_is_there_takes_over_what_is_named_and_nothing_else(integration):
    first = remote(integration, 1, linked=True)
    insert_rows(RemoteUser, [first])
    again = remote(integration, 9, name="New", linked=False, user_id=first["user_id"])
    other = remote(integration, 2, linked=False)
    insert_rows(RemoteUser, [again, other], unique=["integration", "user"], update=["name", "remote_id"])
    found = RemoteUser.objects.get(pk=first["id"])
    assert (found.name, found.remote_id, found.linked) == ("New", "r9", True)
    assert RemoteUser.objects.count() == 2


def test_a_row_that_is_there_may_become_what_both_make_of_it(integration):
    first = remote(integration, 1)
    insert_rows(RemoteUser, [first])
    both = [("name", "new.name || old.remote_id"), ("active", "old.active AND new.active")]
    again = remote(integration, 9, name="New", active=False, user_id=first["user_id"])
    insert_rows(RemoteUser, [again], unique=["integration", "user"], update=both)
    found = RemoteUser.objects.get()
    assert (found.name, found.active, found.remote_id) == ("Newr1", False, "r1")


def test_a_row_that_is_there_may_stay_as_it_is(integration):
    first, second = remote(integration, 1), remote(integration, 2)
    insert_rows(RemoteUser, [first])
    again = remote(integration, 9, name="New", user_id=first["user_id"])
    insert_rows(RemoteUser, [again, second], unique=["integration", "user"])
    names = {row.pk: row.name for row in RemoteUser.objects.all()}
    assert names == {first["id"]: HOSTILE, second["id"]: HOSTILE}


def test_what_must_be_unique_is(integration):
    insert_rows(RemoteUser, [remote(integration, 1)])
    with pytest.raises(IntegrityError):
        insert_rows(RemoteUser, [remote(integration, 2), remote(integration, 1)])


def test_each_row_gets_its_own_values(integration):
    rows = [remote(integration, number) for number in range(3)]
    insert_rows(RemoteUser, rows)
    changes = [
        {"id": row["id"], "sent": {"title": f"{number}'"}, "deactivated_at": MOMENT}
        for number, row in enumerate(rows[:2])
    ]
    update_rows(RemoteUser, changes)
    found = [RemoteUser.objects.get(pk=row["id"]) for row in rows]
    assert [row.sent for row in found] == [{"title": "0'"}, {"title": "1'"}, {"title": HOSTILE}]
    assert [row.deactivated_at for row in found] == [MOMENT, MOMENT, None]
    assert {row.name for row in found} == {HOSTILE}


def test_what_is_translated_later_is_a_text(integration):
    insert_rows(RemoteUser, [remote(integration, 1, name=gettext_lazy("User"))])
    assert RemoteUser.objects.get().name == "User"


def test_another_tenants_row_is_not_changed(integration, other_tenant):
    row = remote(integration, 1)
    insert_rows(RemoteUser, [row])
    with in_tenant(other_tenant):
        update_rows(RemoteUser, [{"id": row["id"], "name": "Theirs"}])
    assert RemoteUser.objects.get().name == HOSTILE
    with outside_tenants(), pytest.raises(NoTenantError):
        insert_rows(RemoteUser, [remote(integration, 2)])
    with outside_tenants(), pytest.raises(NoTenantError):
        update_rows(RemoteUser, [{"id": row["id"], "name": "Nobody's"}])


@pytest.mark.parametrize("number", [0, 1, 3])
def test_among_finds_what_in_finds(integration, number):
    rows = [remote(integration, each) for each in range(4)]
    insert_rows(RemoteUser, rows)
    ids, people = [row["id"] for row in rows[:number]], {row["user_id"] for row in rows[:number]}
    found = RemoteUser.objects.filter(pk__among=[*ids, uuid.uuid4()], user_id__among=people)
    assert set(found.values_list("pk", flat=True)) == set(ids)


def test_among_takes_texts_as_they_stand(integration):
    odd = [HOSTILE, "{a,b}", "x'y", '"', "a\\b", "\\", "NULL"]
    rows = [remote(integration, number, remote_id=text) for number, text in enumerate([*odd, "other"])]
    insert_rows(RemoteUser, rows)
    found = RemoteUser.objects.filter(remote_id__among=[*odd, "nobody"]).values_list("remote_id", flat=True)
    assert sorted(found) == sorted(odd)


def test_among_is_one_parameter_however_many_there_are(inside):
    texts = set()
    for number in (2, 40):
        rows = RemoteUser.objects.filter(pk__among=[uuid.uuid4() for _ in range(number)])
        texts.add(rows.query.sql_with_params()[0])
    assert len(texts) == 1


def test_ids_are_as_random_as_uuid4s(inside):
    ids = new_ids()
    drawn = [next(ids) for _ in range(200)]
    assert len(set(drawn)) == 200
    assert {(each.version, each.variant) for each in drawn} == {(4, uuid.RFC_4122)}


def test_each_row_finds_its_own_value_and_others_keep_theirs(integration):
    rows = [remote(integration, number) for number in range(3)]
    insert_rows(RemoteUser, rows)
    told = {rows[0]["id"]: {"title": HOSTILE}, rows[1]["id"]: {"name.givenName": "", "title": None}}
    with CaptureQueriesContext(connection) as asked:
        RemoteUser.objects.update(sent=Coalesce(ById(told), F("sent")))
    assert len(asked) == 1
    found = {row.pk: row.sent for row in RemoteUser.objects.all()}
    assert found == {
        rows[0]["id"]: told[rows[0]["id"]],
        rows[1]["id"]: told[rows[1]["id"]],
        rows[2]["id"]: rows[2]["sent"],
    }
