import json

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.events import chain, checkpoints
from apps.events.actions import record, recorded
from apps.events.actors import Target
from apps.events.models import AppendOnlyError, Event, EventCheckpoint, EventSeal
from apps.events.types import EventType
from apps.events.verification import verify
from apps.tenants.actions import remove_tenant
from apps.tenants.append_only import removing
from apps.tenants.context import every_tenant, in_tenant
from tests.events.tampering import change, past_the_triggers, remove

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(inside, system):
    for number in range(5):
        record(EventType.USER_UPDATE, actor=system, target=Target("user", str(number), f"User {number}"))
    chain.seal()
    checkpoints.make_checkpoint()


# Nothing changes or goes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda e: e.save(),
        lambda e: e.delete(),
        lambda e: Event.objects.all().delete(),
        lambda e: Event.objects.update(success=False),
    ],
)
def test_the_product_cannot_change_or_delete_a_line(log, act):
    with pytest.raises(AppendOnlyError):
        act(Event.objects.first())


TABLES = ["events_event", "events_eventseal", "events_eventcheckpoint"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}"])
def test_the_database_refuses_whoever_asks(log, table, statement):
    with (
        pytest.raises(IntegrityError, match="append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


@pytest.mark.parametrize("statement", ["UPDATE events_event SET success = false", "DELETE FROM events_event"])
def test_without_the_triggers_it_would_not(log, statement):
    """The control: it is the triggers that refuse."""
    with past_the_triggers(), connection.cursor() as cursor:
        EventSeal.unscoped.all().delete()
        cursor.execute(statement)
        assert cursor.rowcount == 5


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
def test_nor_is_the_table_emptied_at_once(log):
    with (
        pytest.raises(IntegrityError, match="append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE events_event CASCADE")


def test_the_door_lets_rows_of_its_tenant_go_and_of_no_other(log, tenant, other_tenant):
    with removing(tenant.pk):
        Event.unscoped.filter(seal__sequence=1).delete()
    with pytest.raises(IntegrityError, match="append only"), removing(other_tenant.pk):
        Event.unscoped.filter(seal__sequence=2).delete()
    assert sorted(EventSeal.objects.values_list("sequence", flat=True)) == [2, 3, 4, 5]


def test_the_door_is_shut_behind_whoever_went_through(log, tenant):
    with transaction.atomic():
        with removing(tenant.pk):
            Event.unscoped.filter(seal__sequence=1).delete()
        with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
            Event.unscoped.filter(seal__sequence=2).delete()


def test_the_door_leads_to_no_change(log, tenant):
    with pytest.raises(IntegrityError, match="append only"), removing(tenant.pk):
        Event.unscoped.update(success=False)


def test_an_organisation_that_is_deleted_takes_its_log_along(log, tenant):
    remove_tenant(tenant)
    with every_tenant():
        assert not Event.unscoped.exists()
        assert not EventCheckpoint.unscoped.exists()


def test_its_log_alone_would_have_kept_it(log, tenant):
    """The control: without the door in remove_tenant() nothing goes."""
    with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
        tenant.delete()


# What is changed all the same is found ---------------------------------------------------------------------------


def test_an_untouched_log_verifies(log):
    result = verify()
    assert (result.sealed, result.unsealed, result.checkpoints, result.faults) == (5, 0, 1, [])


def test_a_log_from_before_there_were_checkpoints_verifies(inside, system):
    """Seals had random keys, and times to the millisecond."""
    digest = chain.GENESIS
    for sequence in range(1, 4):
        event = recorded(EventType.USER_UPDATE, actor=system)
        document = chain.document_of(event) | {
            "created_at": json.loads(chain.DjangoJSONEncoder().encode(event.created_at))
        }
        digest = chain.digest_of(document, digest)
        EventSeal(event=event, sequence=sequence, digest=digest).save(force_insert=True)
    record(EventType.USER_UPDATE, actor=system)
    chain.seal()
    assert verify().faults == []
    with past_the_triggers():
        change(Event, EventSeal.objects.get(sequence=2).event_id, actor_name="Mallory")
    assert [fault.sequence for fault in verify().faults] == [2]


def test_a_changed_line_is_named_with_its_time(log):
    event = EventSeal.objects.get(sequence=3).event
    with past_the_triggers():
        change(Event, event.pk, actor_name="Mallory")
    [fault] = verify().faults
    assert (fault.sequence, fault.event_id, fault.created_at) == (3, event.pk, event.created_at)


def test_the_end_of_a_log_is_missed_where_a_checkpoint_was(log):
    with past_the_triggers():
        remove(*EventSeal.objects.filter(sequence__gte=4))
    [fault] = verify().faults
    assert (fault.sequence, "a checkpoint says" in fault.words) == (4, True)


def test_without_checkpoints_the_missing_end_is_not_seen(log):
    """The control, and what this was before."""
    with past_the_triggers():
        remove(*EventSeal.objects.filter(sequence__gte=4))
        EventCheckpoint.unscoped.all().delete()
    assert verify().faults == []


def test_checkpoints_that_went_along_with_the_end_are_missed_by_their_copies(log, tenant):
    copy = checkpoints.as_document(EventCheckpoint.objects.get())
    with past_the_triggers():
        remove(*EventSeal.objects.filter(sequence__gte=4))
        EventCheckpoint.unscoped.all().delete()
    assert {fault.sequence for fault in verify([copy]).faults} == {4, 5}


def test_a_copy_that_nobody_signed_proves_nothing(log):
    copy = checkpoints.as_document(EventCheckpoint.objects.get())
    forged = copy | {"id": str(copy["tenant"]), "sequence": 99, "digest": "f" * 64}
    [fault] = verify([forged]).faults
    assert "not signed by this installation" in fault.words


@pytest.mark.parametrize("odd", [{"sequence": "x"}, {"sequence": None}, {"id": []}, {"number": {}}])
def test_a_copy_of_odd_values_is_told_like_any_other_that_nobody_signed(log, odd):
    copy = checkpoints.as_document(EventCheckpoint.objects.get())
    [fault] = verify([copy | odd]).faults
    assert "not signed by this installation" in fault.words


def test_an_event_that_was_slipped_in_with_an_old_time_is_named(log, system):
    with past_the_triggers():
        late = recorded(EventType.USER_UPDATE, actor=system)
        change(Event, late.pk, created_at=timezone.now() - chain.LATE * 2)
    assert [fault.event_id for fault in verify().faults] == [late.pk]
    chain.seal_all_of_them()
    checkpoints.make_checkpoint()
    assert [fault.event_id for fault in verify().faults] == [late.pk]


# Keys ------------------------------------------------------------------------------------------------------------


def new_key():
    import base64
    import secrets

    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def test_checkpoints_outlive_the_key_that_signed_them(log, settings):
    """A new key is put first, signs, and the old one is taken away."""
    old, new = settings.ENCRYPTION_KEYS, new_key()
    settings.ENCRYPTION_KEYS = [new, *old]
    assert checkpoints.is_due()
    checkpoints.make_checkpoint()
    assert verify().faults == []
    settings.ENCRYPTION_KEYS = [new]
    assert verify().faults == []
    assert not checkpoints.is_due()


def test_a_key_that_is_taken_away_too_early_is_told(log, settings):
    """The control: nothing vouches for what it signed."""
    settings.ENCRYPTION_KEYS = [new_key()]
    [fault] = verify().faults
    assert "not this installation's" in fault.words


# When, and where -------------------------------------------------------------------------------------------------


def test_there_is_one_after_a_thousand_events_or_an_hour_and_none_between(log, system, settings, monkeypatch):
    assert not checkpoints.is_due()
    record(EventType.USER_UPDATE, actor=system)
    chain.seal()
    assert not checkpoints.is_due()
    monkeypatch.setattr(checkpoints, "EVENTS", 1)
    assert checkpoints.is_due()
    monkeypatch.undo()
    settings.EVENT_CHECKPOINT_SECONDS = 0
    assert checkpoints.is_due()


def test_it_is_written_into_the_servers_log_and_a_file(
    inside, system, django_capture_on_commit_callbacks, caplog
):
    record(EventType.USER_UPDATE, actor=system)
    chain.seal()
    with caplog.at_level("INFO"), django_capture_on_commit_callbacks(execute=True):
        made = checkpoints.make_checkpoint()
    assert made.signature in caplog.text
    [copy] = checkpoints.read_documents(checkpoints.copies_of(inside.pk))
    assert copy == checkpoints.as_document(made)


def test_the_command_fails_and_names_the_line(log, tenant, capsys):
    with past_the_triggers():
        change(Event, EventSeal.objects.get(sequence=2).event_id, actor_name="Mallory")
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("verifyevents", "--tenant", "acme")
    assert "2, event " in capsys.readouterr().err


def test_the_command_holds_a_checkpoint_from_elsewhere_against_the_log(log, tenant, capsys, tmp_path):
    call_command("checkpointevents", "--tenant", "acme")
    kept = tmp_path / "kept.jsonl"
    kept.write_text("something else\n" + capsys.readouterr().out)
    call_command("verifyevents", "--checkpoint", str(kept))
    with past_the_triggers():
        EventCheckpoint.unscoped.all().delete()
        remove(*EventSeal.objects.filter(sequence__gte=4))
    call_command("verifyevents")
    with pytest.raises(CommandError, match="not what was written"):
        call_command("verifyevents", "--checkpoint", str(kept))


def test_each_tenant_has_its_own_chain(log, other_tenant, system):
    with in_tenant(other_tenant):
        record(EventType.USER_UPDATE, actor=system)
        chain.seal()
        assert verify().sealed == 1
