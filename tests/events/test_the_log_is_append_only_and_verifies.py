import pytest
from django.core.management import CommandError, call_command

from apps.events import chain
from apps.events.actions import record
from apps.events.actors import Target
from apps.events.models import AppendOnlyError, Event, EventSeal
from apps.events.types import EventType
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(inside, system):
    for number in range(5):
        record(EventType.USER_UPDATE, actor=system, target=Target("user", str(number), f"User {number}"))
    chain.seal()


@pytest.mark.parametrize(
    "act",
    [
        lambda e: e.save(),
        lambda e: e.delete(),
        lambda e: Event.objects.all().delete(),
        lambda e: Event.objects.update(success=False),
    ],
)
def test_a_line_cannot_be_changed_or_deleted(log, act):
    with pytest.raises(AppendOnlyError):
        act(Event.objects.first())


def test_an_untouched_log_verifies(log):
    assert chain.verify() == chain.Verification(sealed=5, unsealed=0, faults=[])


@pytest.mark.parametrize("column", ["actor_name", "target_id", "error_message", "type"])
def test_a_changed_line_is_named(log, column):
    event = EventSeal.objects.get(sequence=3).event
    Event.unscoped.filter(pk=event.pk).update(**{column: "x"})  # what somebody with the database could do
    [fault] = chain.verify().faults
    assert str(event.pk) in fault


def test_a_deleted_line_is_named(log):
    Event.unscoped.filter(seal__sequence=3).delete()
    assert any("missing" in fault for fault in chain.verify().faults)


def test_the_command_fails_and_names_the_line(log, tenant, capsys):
    Event.unscoped.filter(seal__sequence=2).update(actor_name="Mallory")
    with pytest.raises(CommandError, match="1 of 5"):
        call_command("verifyevents", "--tenant", "acme")
    assert "2: event" in capsys.readouterr().err


def test_each_tenant_has_its_own_chain(log, other_tenant, system):
    with in_tenant(other_tenant):
        record(EventType.USER_UPDATE, actor=system)
        chain.seal()
        assert chain.verify().sealed == 1
