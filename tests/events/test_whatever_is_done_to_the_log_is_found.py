"""R15: a hundred of a hundred random edits, deletions, insertions and swaps by somebody who has the database and not the keys."""

import random
import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import models, transaction
from django.utils import timezone

from apps.events import chain, checkpoints
from apps.events.actions import record, recorded
from apps.events.actors import Actor, Target
from apps.events.models import Event, EventCheckpoint, EventSeal
from apps.events.types import EventType
from apps.events.verification import verify
from apps.tenants.prepared import written_fields
from tests.events.tampering import change, compute_anew, past_the_triggers, remove

pytestmark = pytest.mark.django_db

EVENTS, SIGNED = 24, (9, 17, 24)
TIMES = 100


@pytest.fixture
def log(inside, other_tenant):
    """Signed thrice, the last time at its end."""
    actor = Actor("person", str(uuid.uuid4()), "mia", "192.0.2.1", "Firefox", auth_method="session")
    for number in range(1, EVENTS + 1):
        record(
            EventType.USER_UPDATE,
            actor=actor,
            target=Target("user", str(number), f"User {number}"),
            application=Target("application", str(number), "GitLab"),
            error_message="Refused.",
            changes=[{"field": "email", "from": "a", "to": "b"}],
            message_chain={"response_code": "200"},
            correlation_id=uuid.uuid4(),
        )
        if number in SIGNED:
            chain.seal()
            checkpoints.make_checkpoint()
    return [checkpoints.as_document(each) for each in EventCheckpoint.objects.order_by("number")]


def other_value(field: models.Field, old: Any, other_tenant: Any) -> Any:
    """Of the column's type, and not what it was."""
    if field.is_relation:
        return other_tenant.pk
    match field:
        case models.UUIDField():
            return uuid.uuid4()
        case models.BooleanField():
            return not old
        case models.DateTimeField():
            return old + timedelta(microseconds=1)
        case models.JSONField():
            return [*old, {"field": "x"}] if isinstance(old, list) else {**old, "x": "y"}
        case models.PositiveBigIntegerField():
            return old + 1000
    letter = "a" if str(old)[-1:] != "a" else "b"
    return str(old)[:-1] + letter


def an_event(chance: random.Random) -> Event:
    made = recorded(EventType.USER_DELETE, actor=Actor("person", "", "mallory"))
    change(Event, made.pk, created_at=timezone.now() - timedelta(days=chance.randint(1, 300)))
    return made


def edit_event(chance, seals, other_tenant):
    seal = chance.choice(seals)
    field = chance.choice(written_fields(Event))
    value = other_value(field, getattr(seal.event, field.attname), other_tenant)
    if field.primary_key:  # its seal goes along
        change(EventSeal, seal.pk, event=an_event(chance))
    change(Event, seal.event_id, **{field.attname: value})
    if field.primary_key:
        change(EventSeal, seal.pk, event=value)
    return f"event.{field.attname}", seal.sequence


def edit_seal(chance, seals, other_tenant):
    seal = chance.choice(seals)
    field = chance.choice(EventSeal._meta.concrete_fields)
    value = (
        an_event(chance).pk
        if field.name == "event"
        else other_value(field, getattr(seal, field.attname), other_tenant)
    )
    change(EventSeal, seal.pk, **{field.attname: value})
    return f"seal.{field.attname}", 0


def edit_checkpoint(chance, seals, other_tenant):
    checkpoint = chance.choice(EventCheckpoint.objects.order_by("number"))
    field = chance.choice(EventCheckpoint._meta.concrete_fields)
    value = other_value(field, getattr(checkpoint, field.attname), other_tenant)
    change(EventCheckpoint, checkpoint.pk, **{field.attname: value})
    return f"checkpoint.{field.attname}", 0


def delete_events(chance, seals, other_tenant):
    first = chance.randrange(EVENTS)
    remove(*seals[first : first + chance.randint(1, 3)])
    return "deleted", first + 1


def delete_end(chance, seals, other_tenant):
    """With the checkpoints that knew of it."""
    last = chance.randrange(EVENTS - 1)
    remove(*seals[last:])
    EventCheckpoint.unscoped.filter(sequence__gt=last).delete()
    return "end deleted", last + 1


def delete_seal(chance, seals, other_tenant):
    seal = chance.choice(seals)
    EventSeal.unscoped.filter(pk=seal.pk).delete()
    return "seal deleted", seal.sequence


def delete_checkpoint(chance, seals, other_tenant):
    EventCheckpoint.unscoped.filter(number=chance.randint(1, len(SIGNED))).delete()
    return "checkpoint deleted", 0


def insert_event(chance, seals, other_tenant):
    """Between two others, those after it numbered anew."""
    at = chance.randint(1, EVENTS)
    for seal in reversed(seals[at - 1 :]):
        change(EventSeal, seal.pk, sequence=seal.sequence + 1)
    EventSeal(event=an_event(chance), sequence=at, digest="0" * 64).save(force_insert=True)
    return "inserted", at


def insert_unsealed(chance, seals, other_tenant):
    an_event(chance)
    return "inserted unsealed", 0


def swap_events(chance, seals, other_tenant):
    one, two = sorted(chance.sample(seals, 2), key=lambda seal: seal.sequence)
    for seal, sequence in ((one, 10**6), (two, one.sequence), (one, two.sequence)):
        change(EventSeal, seal.pk, sequence=sequence)
    return "swapped", one.sequence


def swap_values(chance, seals, other_tenant):
    """What two people did changes places."""
    one, two = sorted(chance.sample(seals, 2), key=lambda seal: seal.sequence)
    for seal, other in ((one, two), (two, one)):
        change(Event, seal.event_id, target_id=other.event.target_id, target_name=other.event.target_name)
    return "values swapped", one.sequence


ACTS = [
    edit_event, edit_event, edit_event, edit_seal, edit_checkpoint, delete_events, delete_end, delete_seal,
    delete_checkpoint, insert_event, insert_unsealed, swap_events, swap_values,
]  # fmt: skip
REPAIRED = {edit_event, delete_events, insert_event, swap_events, swap_values}


def test_a_hundred_of_a_hundred(log, other_tenant):
    assert verify(log).faults == []  # the control: what nobody touched is right
    seals = list(EventSeal.objects.order_by("sequence").select_related("event"))
    missed, done, seen_without = [], Counter(), 0
    with past_the_triggers():
        for seed in range(TIMES):
            chance = random.Random(seed)
            before = transaction.savepoint()
            act = chance.choice(ACTS)
            what, where = act(chance, seals, other_tenant)
            anew = act in REPAIRED and what != "event.tenant_id" and chance.random() < 0.5
            if anew:
                compute_anew(max(where, 1))
            done[f"{what}, computed anew" if anew else what] += 1
            faults = verify(log).faults
            if not faults or (where and not anew and faults[0].sequence > where):
                missed.append((seed, what, where, anew, [str(each) for each in faults]))
            EventCheckpoint.unscoped.all().delete()
            seen_without += bool(verify().faults)
            transaction.savepoint_rollback(before)
    assert missed == []
    assert len(done) > 25, done
    assert seen_without < 80  # the control: without checkpoints much of it passes
    assert verify(log).faults == []


def test_every_column_is_covered(log, other_tenant):
    """Not one of a hundred by chance, but each."""
    missed = []
    with past_the_triggers():
        for model in (Event, EventSeal, EventCheckpoint):
            for field in written_fields(model):
                before = transaction.savepoint()
                one = model.objects.order_by("pk").first()
                value = other_value(field, getattr(one, field.attname), other_tenant)
                if model is EventSeal and field.name == "event":
                    value = an_event(random.Random(0)).pk
                if model is Event and field.primary_key:
                    seal = one.seal
                    change(EventSeal, seal.pk, event=an_event(random.Random(0)))
                    change(Event, one.pk, id=value)
                    change(EventSeal, seal.pk, event=value)
                else:
                    change(model, one.pk, **{field.attname: value})
                if not verify(log).faults:
                    missed.append(f"{model.__name__}.{field.attname}")
                transaction.savepoint_rollback(before)
    assert missed == []
