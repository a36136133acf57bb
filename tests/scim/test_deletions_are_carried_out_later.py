"""DELETE closes an account at once and removes it after thirty days, unless the person came back or somebody else needs them."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.actions import add_administrator
from apps.directory.actions import reactivate_user
from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.scim.actions.people import remove_person
from apps.scim.models import ExternalIdentity
from apps.scim.tasks import clean_up, clean_up_everywhere
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller

SYSTEM = Actor.system()


def delete(caller: Caller, user_id: str) -> ExternalIdentity:
    with in_tenant(caller.tenant):
        identity: ExternalIdentity = ExternalIdentity.objects.get(user=user_id, source=caller.source)
        remove_person(identity, actor=SYSTEM)
        return identity


def after(days: int, caller: Caller) -> tuple[bool, bool]:
    """Whether the person, and what the source knew of them, are still there."""
    with time_machine.travel(timezone.now() + dt.timedelta(days=days, seconds=1)):
        clean_up(str(caller.tenant.id))
    with in_tenant(caller.tenant):
        return User.objects.filter(username="mia").exists(), ExternalIdentity.objects.filter(
            source=caller.source
        ).exists()


def test_the_person_goes_after_thirty_days(okta: Caller) -> None:
    mia = okta.create("mia")
    delete(okta, mia["id"])
    assert after(29, okta) == (True, True)
    assert after(30, okta) == (False, False)
    with in_tenant(okta.tenant):
        gone = Event.objects.get(type="user_delete")
        assert (gone.target_id, gone.actor_name) == (mia["id"], "Okta")
    again = okta.create("mia")
    assert again["id"] != mia["id"]


def test_who_came_back_stays(okta: Caller) -> None:
    mia = okta.create("mia")
    delete(okta, mia["id"])
    okta.create("mia")
    assert after(31, okta) == (True, True)


@pytest.mark.parametrize("why", ["linked", "reactivated", "administrator", "another source"])
def test_a_person_whom_somebody_needs_stays(okta: Caller, entra: Caller, why: str) -> None:
    mia = okta.create("mia")
    with in_tenant(okta.tenant):
        add_administrator(User.objects.get(pk=mia["id"]), actor=SYSTEM) if why == "administrator" else None
    identity = delete(okta, mia["id"])
    with in_tenant(okta.tenant):
        if why == "linked":
            ExternalIdentity.objects.filter(pk=identity.pk).update(created_person=False)
        elif why == "reactivated":
            reactivate_user(identity.user, actor=SYSTEM)
        elif why == "another source":
            other = ExternalIdentity(
                source=entra.source, user=identity.user, user_name="mia", created_person=False
            )
            other.fill_keys()
            other.save()
    assert after(31, okta) == (True, False)


def test_every_tenant_is_looked_after(
    okta: Caller, stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_up, "delay", clean_up)
    for caller in (okta, stranger):
        delete(caller, caller.create("mia")["id"])
    with time_machine.travel(timezone.now() + dt.timedelta(days=31)):
        clean_up_everywhere()
    for caller in (okta, stranger):
        with in_tenant(caller.tenant):
            assert not User.objects.filter(username="mia").exists()
