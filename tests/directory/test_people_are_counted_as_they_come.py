"""Nobody is counted to know how many there are: the kept numbers are what counting would say, whatever is done, by whomever, and undone."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection, connections, transaction
from django.utils import timezone

from apps.directory import headcount
from apps.directory.actions import add_user, remove_user
from apps.directory.models import Headcount, User
from apps.events.actors import Actor
from apps.tenants.actions import create_tenant, remove_tenant
from apps.tenants.context import every_tenant, in_tenant

SYSTEM = Actor.system()


def people(number):
    made = [User(username=f"p{uuid4()}", email=f"{uuid4()}@acme.example") for _ in range(number)]
    for each in made:
        each.fill_keys()
    return made


def differences():
    """What the tenant in context is told wrong; none is as it should be."""
    there = User.objects
    wrong = [] if headcount.people_there() == there.count() else ["all"]
    kept = list(Headcount.objects.order_by("since").values_list("since", "people"))
    for since in {since for since, _ in kept}:
        before = sum(number for each, number in kept if each < since)
        if before != there.filter(created_at__lt=since).count():
            wrong.append(since)
    return wrong


def add_one():
    add_user(actor=SYSTEM, username=f"u{uuid4()}", email=f"{uuid4()}@acme.example")


def add_many():
    User.objects.bulk_create(people(random.randint(1, 700)), batch_size=400)


def remove_one():
    if someone := User.objects.order_by("?").first():
        remove_user(someone, actor=SYSTEM)


def remove_many():
    few = User.objects.order_by("?").values_list("pk", flat=True)[: random.randint(1, 40)]
    User.objects.filter(pk__in=list(few)).delete()


def make_older():
    """As nobody does but tests and restored backups."""
    few = User.objects.order_by("?").values_list("pk", flat=True)[:5]
    moment = timezone.now() - timedelta(seconds=random.random() * 20)
    User.objects.filter(pk__in=list(few)).update(created_at=moment)


ACTS = [add_one, add_many, remove_one, remove_many, make_older]


@pytest.mark.parametrize("seed", range(4))
def test_after_any_acts_the_numbers_are_what_counting_says(tenant, other_tenant, seed):
    random.seed(seed)
    for _ in range(40):
        with in_tenant(random.choice([tenant, other_tenant])), transaction.atomic():
            for _ in range(random.randint(1, 3)):
                random.choice(ACTS)()
            assert differences() == []  # to the transaction itself as well
            transaction.set_rollback(random.random() < 0.3)
    for each in (tenant, other_tenant):
        with in_tenant(each):
            assert User.objects.count() > 0
            assert differences() == []


def test_a_number_that_nobody_kept_is_wrong_until_the_next_migration(inside):
    """What the test above sees, and what migrations mend: also the first one, where there are people already."""
    add_many()
    headcount.drop_triggers(connection)
    add_one()
    assert "all" in differences()
    headcount.keep_counts(sender=apps.get_app_config("directory"), using="default")
    assert differences() == []
    add_one()
    assert differences() == []


def test_on_the_way_back_to_older_tables_nothing_is_counted(inside, monkeypatch):
    """What these triggers write is not there any more, and the older version brings its own."""
    headcount.drop_triggers(connection)
    described = connection.introspection.get_table_description

    def older(cursor, table):
        return [each for each in described(cursor, table) if each.name != "gone"]

    monkeypatch.setattr(connection.introspection, "get_table_description", older)
    headcount.keep_counts(sender=apps.get_app_config("directory"), using="default")
    assert headcount.triggers_there(connection) == set()
    monkeypatch.undo()
    headcount.keep_counts(sender=apps.get_app_config("directory"), using="default")
    assert headcount.triggers_there(connection)


def test_migrations_leave_alone_what_is_kept(inside):
    add_one()
    Headcount.objects.update(people=7)
    headcount.keep_counts(sender=apps.get_app_config("directory"), using="default")
    assert headcount.people_there() == 7


@pytest.mark.parametrize("anew", [False, True], ids=["kept", "counted anew"])
def test_whoever_is_far_down_is_found_from_a_moment_before(inside, anew):
    User.objects.bulk_create(people(2 * headcount.TOGETHER + 300), batch_size=400)
    if anew:
        headcount.drop_triggers(connection)
        headcount.keep_counts(sender=apps.get_app_config("directory"), using="default")
    remove_many()
    in_order = list(User.objects.order_by("created_at", "pk").values_list("pk", "created_at"))
    for position in (*range(0, len(in_order), 97), len(in_order) - 1, len(in_order)):
        since, before, _ = headcount.nearest_before(position)
        assert before == sum(moment < since for _, moment in in_order)
        assert before <= position
        if connection.vendor == "sqlite":  # on PostgreSQL there is but the beginning
            assert position - before <= headcount.TOGETHER


def test_who_came_at_the_same_time_is_not_torn_apart(inside):
    moment = timezone.now()
    for _ in range(3):
        User.objects.bulk_create(people(600), batch_size=400)
        User.objects.update(created_at=moment)
        assert differences() == []
    add_one()
    assert differences() == []


def test_with_a_tenant_its_numbers_go(tenant, other_tenant):
    for each in (tenant, other_tenant):
        with in_tenant(each):
            add_many()
    remove_tenant(tenant)
    with every_tenant():
        assert {each.tenant_id for each in Headcount.unscoped.all()} == {other_tenant.pk}
    with in_tenant(other_tenant):
        assert differences() == []


WRITERS = 4


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_lose_nothing():
    tenant = create_tenant(slug="acme", name="Acme Robotics")

    def write(number):
        choose = random.Random(number)
        for _ in range(15):
            with in_tenant(tenant), transaction.atomic():
                User.objects.bulk_create(people(choose.randint(1, 3)))
                if mine := User.objects.filter(job_title=str(number)).first():
                    mine.delete()
                User.objects.bulk_create([_of(number)])
                transaction.set_rollback(choose.random() < 0.3)
        connections.close_all()

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, range(WRITERS)))
    with in_tenant(tenant):
        assert User.objects.count() > WRITERS
        assert differences() == []
        assert Headcount.objects.count() <= 3 * WRITERS  # one that is just there is not seen by all


def _of(number):
    (made,) = people(1)
    made.job_title = str(number)
    return made


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_nobody_waits_for_the_number():
    tenant = create_tenant(slug="acme", name="Acme Robotics")

    def meanwhile():
        with in_tenant(tenant), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")
            add_one()
            User.objects.filter(job_title="gone").delete()
        connections.close_all()

    with in_tenant(tenant):
        gone = people(1)
        gone[0].job_title = "gone"
        User.objects.bulk_create(gone)
        with transaction.atomic(), ThreadPoolExecutor(1) as thread:
            add_one()
            thread.submit(meanwhile).result()
        assert differences() == []
        assert headcount.people_there() == 2
