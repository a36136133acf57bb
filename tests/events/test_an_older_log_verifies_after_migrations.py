"""An installation that was there before: its log, sealed, signed for and archived by older states, is what it was after today's migrations."""

import json
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.utils import DatabaseError

from apps.events import chain, checkpoints
from apps.events.actions import record
from apps.events.actors import Actor
from apps.events.archiving import files, work
from apps.events.models import Event
from apps.events.search import Search
from apps.events.types import EventType
from apps.events.verification import verify
from apps.tenants.append_only import removing
from apps.tenants.context import in_tenant
from tests.events.tampering import change, past_the_triggers

THEN = "0019_checkpoints_and_retention"
GROUP = str(uuid4())
MEMBERSHIP = {"association": "add", "group": GROUP, "group_name": "Engineering"}


@pytest.fixture
def then(transactional_db):
    """The models as they were."""
    if not MigrationLoader(None).graph.nodes:
        pytest.skip("The tables were made without migrations.")
    call_command("migrate", "events", THEN, verbosity=0)
    yield MigrationLoader(connection).project_state([("events", THEN)]).apps
    call_command("migrate", verbosity=0)


def lines(models, tenant, digest, first, *, old):
    """Ten events and their seals, as the chain made them then; the oldest seals had keys of their own, and times to the millisecond."""
    events, seals = (models.get_model("events", name).objects for name in ("Event", "EventSeal"))
    for sequence in range(first, first + 10):
        told = {} if old else {"correlation_id": uuid4(), "auth_method": "session"}
        event = events.create(
            tenant_id=tenant.pk,
            type="association_change",
            actor_kind="system",
            actor_name="Gatehouse",
            target_kind="user",
            target_id=str(uuid4()),
            target_name=f"Person {sequence}",
            details=MEMBERSHIP,
            **told,
        )
        document = {field: getattr(event, field) for field in chain.FIRST_FIELDS}
        document |= told
        document["created_at"] = event.created_at if old else event.created_at.isoformat()
        digest = chain.digest_of(json.loads(json.dumps(document, cls=DjangoJSONEncoder)), digest)
        key = uuid4() if old else chain.seal_id(digest)
        seals.create(id=key, tenant_id=tenant.pk, event=event, sequence=sequence, digest=digest)
    return digest


def archived(models, end):
    """The segment up to a checkpoint, as an archiver of then left it."""
    seals = models.get_model("events", "EventSeal").objects.filter(sequence__lte=end.sequence)
    chosen = list(seals.order_by("sequence").select_related("event"))
    path = files.write_archive(chosen, start={}, end=checkpoints.as_document(end))
    times = [seal.event.created_at.isoformat() for seal in (chosen[0], chosen[-1])]
    work.state(end, {"first": 1, "from": times[0], "to": times[1], "sha256": files.sha256_of(path)})
    with removing(end.tenant_id):
        models.get_model("events", "Event").objects.filter(pk__in=[seal.event_id for seal in chosen]).delete()
    return path


@pytest.fixture
def log(tenant, then, settings, tmp_path):
    """After today's migrations: ten archived events, ten of a log without checkpoints, ten of one with them, and what was not sealed."""
    settings.EVENT_ARCHIVES, settings.EVENT_CHECKPOINTS = tmp_path / "archives", tmp_path / "checkpoints"
    with in_tenant(tenant):
        middle = lines(then, tenant, chain.GENESIS, 1, old=True)
        digest = lines(then, tenant, middle, 11, old=True)
        path = archived(then, checkpoints.add_checkpoint(sequence=10, digest=middle, count=10))
        digest = lines(then, tenant, digest, 21, old=False)
        checkpoints.add_checkpoint(sequence=30, digest=digest, count=20)
        call_command("migrate", verbosity=0)
        yield path


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(600)  # migrations there and back
def test_what_was_sealed_signed_and_archived_verifies(log, capsys):
    found = verify()
    assert found.faults == []
    assert (found.sealed, found.checkpoints, found.archived) == (20, 3, 10)
    assert found.unsealed == 1  # that of the archive itself
    assert files.verify_archive(log) == (10, [])

    # Memberships of before are found of their group.
    memberships = Search(groups=[GROUP]).page(50).rows
    assert len(memberships) == 20
    assert {event.group_id for event in memberships} == {GROUP}
    assert list(Event.objects.about("group", GROUP)) == memberships

    # The chain goes on.
    record(EventType.USER_UPDATE, actor=Actor.system())
    chain.seal_all_of_them()
    checkpoints.make_checkpoint()
    assert verify().faults == []
    call_command("verifyevents")
    assert "intact" in capsys.readouterr().out

    # The control: what is refused is so still, and what is done past it is found.
    sixth = memberships[-6]
    with pytest.raises(DatabaseError):
        change(Event, sixth.pk, target_name="Mallory")
    with past_the_triggers():
        change(Event, sixth.pk, details={**MEMBERSHIP, "group": str(uuid4())})
    assert [fault.sequence for fault in verify().faults] == [16]


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL rewrites the table: the changelog says for how long"
)
def test_sqlite_adds_the_group_without_making_the_log_anew(transactional_db, capsys):
    if not MigrationLoader(None).graph.nodes:
        pytest.skip("The tables were made without migrations.")
    call_command("sqlmigrate", "events", "0021")
    statements = capsys.readouterr().out
    assert 'ALTER TABLE "events_event" ADD COLUMN "group_id"' in statements
    assert 'CREATE INDEX "event_group"' in statements
    assert "CREATE TABLE" not in statements
