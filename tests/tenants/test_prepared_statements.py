"""What is compiled once says what the query says, for the tenant in context and for nobody else."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from apps.directory.actions import add_group, add_member
from apps.directory.models import Group, Membership, User
from apps.events.models import Event
from apps.events.types import EventType
from apps.saml.models import SsoSession
from apps.scim.models import ExternalIdentity, Source
from apps.tenants import making
from apps.tenants.context import every_tenant, in_tenant, outside_tenants
from apps.tenants.errors import NoTenantError, TenantError
from apps.tenants.making import new
from apps.tenants.models import Tenant
from apps.tenants.prepared import PreparedQuery, PreparedQueryOfAll, insert, insert_values, instances, update

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


def test_a_row_is_an_instance_like_any_other(inside, bob, person_with_id):
    """Also where it is made without Model.__init__, and where somebody wants to hear of it."""
    heard = []
    plain = PreparedQuery(lambda user: User.objects.filter(pk=user), user=uuid.UUID).first(user=bob.user.pk)
    post_init.connect(receiver := lambda instance, **_: heard.append(instance), sender=User)
    try:
        loud = PreparedQuery(lambda user: User.objects.filter(pk=user), user=uuid.UUID).first(
            user=bob.user.pk
        )
    finally:
        post_init.disconnect(receiver, sender=User)
    assert heard == [loud]
    stored = User.objects.get(pk=bob.user.pk)
    for made in (plain, loud):
        assert (made, values(made), made.get_deferred_fields()) == (stored, values(stored), set())
        assert (made._state.adding, made._state.db) == (False, "default")
        assert made.tenant == inside
    plain.first_name = "Robert"
    plain.save(update_fields=["first_name"])
    assert User.objects.get(pk=bob.user.pk).first_name == "Robert"


@pytest.mark.parametrize("hears", [False, True])
def test_a_new_row_is_as_its_class_makes_it(inside, bob, hears):
    heard = []
    making._shape.cache_clear()
    if hears:
        post_init.connect(receiver := lambda instance, **_: heard.append(instance), sender=ExternalIdentity)
    source = Source(name="Okta", tenant=inside)
    try:
        for told in ({}, {"external_id": "00u1", "user": bob.user, "source": source}, {"user": None}):
            made, expected = new(ExternalIdentity, **told), ExternalIdentity(**told)
            assert values(made) | {"id": None} == values(expected) | {"id": None}
            assert made.id.version == 4
            assert made._state.fields_cache == expected._state.fields_cache
            assert made._state.adding
            assert bool(heard) is hears
        assert made.secondary_emails is not new(ExternalIdentity).secondary_emails
        with pytest.raises(TypeError):
            new(ExternalIdentity, surname="Example")
    finally:
        making._shape.cache_clear()
        if hears:
            post_init.disconnect(receiver, sender=ExternalIdentity)


def test_a_related_row_is_one_like_any_other(inside, bob):
    stored = Membership.objects.create(
        group=Group.objects.create(name="Staff", name_key="staff"), user=bob.user
    )
    one = PreparedQuery(
        lambda key: Membership.objects.select_related("group", "user").filter(pk=key), key=uuid.UUID
    ).first(key=stored.pk)
    for made, expected in ((one.group, stored.group), (one.user, bob.user)):
        assert (type(made), values(made)) == (
            type(expected),
            values(type(expected).objects.get(pk=expected.pk)),
        )
        assert (made._state.adding, made._state.db) == (False, "default")


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


def test_many_rows_come_as_they_are_asked_for_also_from_two_tables(inside, alice, bob):
    def either(name):
        people = User.objects.filter(username=name).order_by().values_list("email")
        return people.union(Group.objects.filter(name=name).order_by().values_list("name"), all=True)

    prepared = PreparedQuery(either, name=str)
    Group.objects.create(name="bob", name_key="bob")
    assert sorted(prepared.rows(name="bob")) == sorted(either("bob")) == [("bob",), (bob.user.email,)]
    assert prepared.rows(name="nobody") == []


def test_a_time_is_a_parameter_too(inside, bob):
    since = PreparedQuery(lambda when: User.objects.filter(created_at__gte=when), when=dt.datetime)
    assert since.exists(when=bob.user.created_at)
    assert not since.exists(when=bob.user.created_at + dt.timedelta(microseconds=1))


def test_what_is_not_empty_is_said_in_the_statement(inside, bob):
    """For SQLite, which uses an index over what is not empty only where it sees that."""
    lead = PreparedQuery(lambda title: User.objects.exclude(job_title="").filter(job_title=title), title=str)
    User.objects.filter(pk=bob.user.pk).update(job_title="Lead")
    with CaptureQueriesContext(connection) as queries:
        assert lead.first(title="Lead") == bob.user
    assert "''" in queries.captured_queries[0]["sql"]
    assert not lead.exists(title="")


def test_of_the_tenants_themselves_one_is_found_outside_any(tenant):
    by_slug = PreparedQueryOfAll(lambda slug: Tenant.objects.filter(slug=slug), slug=str)
    with outside_tenants():
        assert by_slug.first(slug=tenant.slug) == tenant
        assert by_slug.first(slug="nobody") is None


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


def test_plain_values_become_the_row_that_a_model_would_be(inside, system):
    told = {"type": EventType.USER_CREATE, "actor_kind": "person", "actor_name": "Bob", "changes": [{"field": "ü"}]}  # fmt: skip
    insert_values(Event, told)
    Event(**told).save(force_insert=True)
    one, other = (values(each) for each in Event.objects.order_by("created_at"))
    own = {"id", "created_at"}
    assert {name: one[name] for name in one if name not in own} == {
        name: other[name] for name in other if name not in own
    }
    assert one["tenant_id"] == inside.pk


def test_outside_a_tenant_no_values_become_a_row():
    with outside_tenants(), pytest.raises(NoTenantError):
        insert_values(Event, {"type": EventType.USER_CREATE, "actor_kind": "person", "actor_name": "Bob"})


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


def test_a_change_writes_what_it_names_and_when(inside, bob):
    before = values(bob.user)
    bob.user.first_name, bob.user.last_name = "Robert", "Not named"
    update(bob.user, ("first_name", "updated_at"))
    stored = values(User.objects.get(pk=bob.user.pk))
    assert stored == before | {"first_name": "Robert", "updated_at": bob.user.updated_at}
    assert stored["updated_at"] > before["updated_at"]


def test_a_row_of_another_tenant_is_not_changed(inside, charlie):
    charlie.user.first_name = "Mine"
    with pytest.raises(TenantError):
        update(charlie.user, ("first_name",))


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


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("details", {}),
        ("details", {"a": [1, "ü", None]}),
        ("changes", []),
        ("changes", [{"field": "x", "from": None, "to": True}]),
        ("correlation_id", None),
        ("correlation_id", uuid.UUID(int=5)),
        ("type", EventType.USER_CREATE),
        ("client_ip", "192.0.2.1"),
        ("success", False),
        ("user_agent", "100 %s"),
    ],
)
def test_a_value_of_any_kind_is_stored_as_django_stores_it(inside, field, value):
    row = {"type": "user_create", "actor_kind": "system", "actor_name": "x", field: value}
    insert_values(Event, row)
    Event(**row).save()
    insert(Event(**row))
    stored = [values(each) for each in Event.objects.filter(actor_name="x")]
    for each in stored:
        del each["id"], each["created_at"]
    assert len(stored) == 3
    assert stored[0] == stored[1] == stored[2]


def test_a_statement_is_spelled_the_same_however_often_it_is_run(inside):
    for value in ("a", "b"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s, '100 %%', %s", [value, value.upper()])
            assert cursor.fetchone() == (value, "100 %", value.upper())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's driver knows names by itself")
def test_a_statement_with_names_is_spelled_too(inside):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %(second)s, %(first)s", {"first": 1, "second": 2})
        assert cursor.fetchone() == (2, 1)


def test_events_stay_append_only(inside, system):
    add_group(actor=system, name="Engineering")
    event = Event.objects.latest("created_at")
    with pytest.raises(Exception, match="append only"):
        event.save()


def test_many_rows_are_what_the_query_gives(inside, alice, bob):
    rows = User.objects.order_by("username_key")
    for queryset in (rows, rows[1:2], rows.filter(pk__in=[]), rows.none()):
        expected, found = list(queryset), instances(queryset)
        assert [values(each) for each in found] == [values(each) for each in expected]
        assert [each._state.adding for each in found] == [False] * len(expected)


def test_after_an_error_a_transaction_takes_nothing_more(inside, by_name):
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        transaction.set_rollback(True)
        by_name.first(username="alice")


def group(name):
    made = Group(name=name)
    made.fill_keys()
    return made
