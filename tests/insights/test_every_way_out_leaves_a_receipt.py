"""Whoever ends somebody's access, and however, there is a receipt: sessions ended, and the answer of every application."""

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import PortalSession
from apps.directory.models import User
from apps.events.models import Event
from apps.insights.receipts import State, offboardings, receipts_of
from apps.tenants.context import in_tenant
from tests.api.conftest import script_of
from tests.conftest import Person, sign_in
from tests.fakes.scim_target import ScimTarget
from tests.provisioning.conftest import Company
from tests.scim.conftest import caller

pytestmark = pytest.mark.django_db
WAYS = ("console", "SCIM, deactivated", "SCIM, deleted", "REST")


@pytest.fixture
def second_target():
    running = ScimTarget()
    yield running
    running.stop()


@pytest.fixture
def mia(company, second_target, tenant):
    """Came by SCIM, is signed in twice and has accounts in two applications. `work` lets their workers come by."""
    okta = caller(tenant, "Okta")
    user = User.objects.get(pk=okta.create("mia")["id"])
    wiki, chat = company, Company(company.actor, second_target)
    for each, name in ((wiki, "Wiki"), (chat, "Chat")):
        each.application_of()
        each.application.display_label = name
        each.application.save()
        each.group(f"{name} users", user)
        each.activate()
        each.work()
    wiki.relay()
    for _ in range(2):
        browser = Client(SCRIPT_NAME="")
        sign_in(Person(user, tenant, browser))
        now, key = timezone.now(), browser.session.session_key
        PortalSession.objects.create(
            user=user, session_key=key, handle=uuid4().hex, started_at=now, last_seen_at=now
        )

    def work():
        for each in (wiki, chat):
            each.work()

    return user, okta, work


def leaves(way, user, okta, alice):
    if way == "console":
        return alice.post(f"/console/users/{user.pk}/deactivation/", {}).status_code
    if way == "REST":
        return script_of(alice)("PATCH", f"/users/{user.pk}/", {"active": False}).status_code
    if way == "SCIM, deleted":
        return okta("DELETE", f"/Users/{user.pk}").status_code
    return okta.patch(str(user.pk), {"op": "replace", "path": "active", "value": False}).status_code


@pytest.mark.parametrize("way", WAYS)
def test_a_receipt_has_the_sessions_and_every_answer(way, mia, alice, tenant):
    user, okta, work = mia
    assert leaves(way, user, okta, alice) in (200, 204, 302)
    with in_tenant(tenant):
        event = offboardings().get(target_id=str(user.pk))
        [before] = receipts_of([event])
        assert (before.sessions, len(before.outstanding), before.in_time) == (2, 2, False)
        work()
        [receipt] = receipts_of([event])
        assert {each.application: each.state for each in receipt.told} == dict.fromkeys(
            ("Wiki", "Chat"), State.DONE
        )
        assert all("(204)" in each.words and each.at for each in receipt.told)
        assert receipt.in_time
        answers = Event.objects.filter(type="user_deprovision", target_id=str(user.pk))
        assert {each.correlation_id for each in answers} == {event.correlation_id}  # of the same request
    page = alice.get(f"/console/receipts/{event.pk}/").content.decode()
    for text in ("Wiki", "Chat", "Every application was told within", "Sessions ended"):
        assert text in page


def test_while_an_application_is_silent_the_page_says_so(mia, alice):
    """The negative control."""
    user, okta, _work = mia
    leaves("console", user, okta, alice)
    page = alice.get(f"/console/receipts/{offboardings().get().pk}/").content.decode()
    assert "2 applications do not have it yet" in page
    assert "Every application was told" not in page
