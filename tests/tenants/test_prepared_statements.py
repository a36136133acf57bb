"""What is compiled once says what the query says, for the tenant in context and for nobody else."""

import threading
import uuid

import pytest
from django.db import IntegrityError, connection, connections
from django.test.utils import CaptureQueriesContext

from apps.directory.actions import add_group, add_member
from apps.directory.models import Group, Membership, User
from apps.events.models import Event
from apps.saml.models import SsoSession
from apps.tenants.context import every_tenant, in_tenant, outside_tenants
from apps.tenants.errors import NoTenantError, TenantError
from apps.tenants.prepared import PreparedQuery, insert

pytestmark = pytest.mark.django_db


def build(user_id):
    return User.objects.select_related("administrator").filter(pk=user_id)


@pytest.fixture
def person_with_id():
    return PreparedQuery(build, user_id=uuid.UUID)


@pytest.fixture
def by_name():
    return PreparedQuery(lambda username: User.objects.filter(username=username), username=str)


def values(row):
    return {field.attname: getattr(row, field.attname) for field in type(row)._meta.concrete_fields}


def test_a_row_is_what_the_query_gives_with_its_relations(alice, person_with_id):
    with in_tenant(alice.tenant):
        expected, found = build(alice.user.pk).get(), person_with_id.first(user_id=alice.user.pk)
        with CaptureQueriesContext(connection) as queries:
            assert found.administrator == expected.administrator
    assert queries.captured_queries == []
    assert values(found) == values(expected)
    assert (found._state.adding, found._state.db) == (False, "default")


def test_each_run_is_for_the_tenant_in_context(alice, bob, charlie, person_with_id, by_name):
    """The plan is compiled under one tenant and used under the other; there is a person of either in each direction."""
    for mine, theirs in ((bob, charlie), (charlie, bob), (bob, charlie)):
        with in_tenant(mine.tenant):
            assert person_with_id.first(user_id=mine.user.pk) == mine.user
            assert person_with_id.first(user_id=theirs.user.pk) is None
            assert not person_with_id.exists(user_id=theirs.user.pk)
            assert by_name.first(username=mine.user.username) == mine.user


def test_outside_a_tenant_nothing_runs_compiled_or_not(bob, person_with_id):
    for _compiled in (False, True):
        with pytest.raises(NoTenantError):
            person_with_id.first(user_id=bob.user.pk)
        with every_tenant(), pytest.raises(NoTenantError):
            person_with_id.first(user_id=bob.user.pk)
        with in_tenant(bob.tenant):
            assert person_with_id.exists(user_id=bob.user.pk)


def test_a_query_that_forgets_the_tenant_or_a_parameter_is_refused(bob):
    unscoped = PreparedQuery(lambda user_id: User.unscoped.filter(pk=user_id), user_id=uuid.UUID)
    ignored = PreparedQuery(lambda user_id: User.objects.all(), user_id=uuid.UUID)
    with in_tenant(bob.tenant):
        with pytest.raises(ValueError, match="tenant_id"):
            unscoped.first(user_id=bob.user.pk)
        with pytest.raises(ValueError, match="user_id"):
            ignored.first(user_id=bob.user.pk)


def test_joins_ask_what_the_query_asks(inside, bob, system):
    giving = PreparedQuery(lambda user_id: Group.objects.filter(members=user_id), user_id=uuid.UUID)
    assert not giving.exists(user_id=bob.user.pk)
    add_member(add_group(actor=system, name="Engineering"), bob.user, actor=system)
    assert giving.exists(user_id=bob.user.pk)
    assert giving.first(user_id=bob.user.pk).name == "Engineering"


@pytest.mark.parametrize("value", ["x' OR '1'='1", "%s", "", "ü" * 10])
def test_a_value_is_a_value(inside, bob, by_name, value):
    assert by_name.first(username=value) is None


def test_no_thread_sees_the_plans_of_another(inside, person_with_id):
    person_with_id.exists(user_id=uuid.uuid4())
    seen = []

    def look():
        seen.append(connections["default"].__dict__.get("prepared_statements"))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert connections["default"].__dict__["prepared_statements"]  # or the next line would prove nothing
    assert seen == [None]


# --- rows


@pytest.fixture
def membership(inside, bob, system):
    group = add_group(actor=system, name="Engineering")
    return lambda **fields: Membership(group=group, user=bob.user, **fields)


def test_an_inserted_row_is_the_saved_one(inside, membership):
    row = membership()
    insert(row)
    assert values(Membership.objects.get()) == values(row)
    assert row.tenant_id == inside.pk
    assert row.created_at is not None
    row.save()  # an ordinary row from here on: no second one
    assert Membership.objects.count() == 1


def test_what_the_database_refuses_is_refused(membership):
    insert(membership())
    with pytest.raises(IntegrityError):
        insert(membership())


def test_a_row_of_another_tenant_is_not_inserted(membership, other_tenant):
    with pytest.raises(TenantError):
        insert(membership(tenant=other_tenant))


def test_outside_a_tenant_no_row_is_inserted(membership):
    with outside_tenants(), pytest.raises(NoTenantError):
        insert(membership())


def test_a_row_that_is_there_takes_over_what_it_is_told_to(inside, alice, bob, engineer_session):
    first, second = engineer_session("one"), engineer_session("two")
    for row in (first, second):
        insert(row, unique=("session_handle", "application"), update=("name_id",))
    stored = SsoSession.objects.get()
    assert (stored.pk, stored.name_id) == (first.pk, "two")


@pytest.fixture
def engineer_session(inside, bob, system):
    from django.utils import timezone

    from apps.applications.actions import add_application

    application = add_application(actor=system, connector="custom_saml", display_label="Wiki")

    def session(name_id):
        return SsoSession(
            application=application,
            user=bob.user,
            session_handle="handle",
            session_index="_1",
            name_id=name_id,
            name_id_format="emailAddress",
            ends_at=timezone.now(),
        )

    return session


def test_events_stay_append_only(inside, system):
    add_group(actor=system, name="Engineering")
    event = Event.objects.latest("created_at")
    with pytest.raises(Exception, match="append only"):
        event.save()
