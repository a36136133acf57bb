"""The overview tells of identity sources what does not mend itself: who waits, a token that ends, requests that fail."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.events.actors import Actor
from apps.scim.actions.links import note_refusal
from apps.scim.actions.sources import add_scim_token, add_token
from apps.scim.errors import EmailExists
from apps.scim.models import ReceivedRequest, ScimToken, Source
from apps.tenants.context import in_tenant
from tests.conftest import Person

SYSTEM = Actor.system()


@pytest.fixture
def okta(alice: Person) -> Source:
    with in_tenant(alice.tenant):
        return add_scim_token(actor=SYSTEM, name="Okta prod", kind="okta")[0].source


def overview(alice: Person) -> str:
    return str(alice.get("/console/").content.decode())


def tokens(alice: Person, **values: Any) -> None:
    with in_tenant(alice.tenant):
        ScimToken.objects.update(**values)


def test_a_source_that_is_well_is_not_mentioned(alice: Person, okta: Source) -> None:
    tokens(alice, last_used_at=timezone.now(), expires_at=timezone.now() + timedelta(days=60))
    assert "Okta prod:" not in overview(alice)  # as a notice begins


def test_people_who_wait_are_told_in_the_callers_words(alice: Person, bob: Person, okta: Source) -> None:
    with in_tenant(alice.tenant):
        note_refusal(okta, EmailExists().about(bob.user, external_id="", user_name="bob"), actor=SYSTEM)
    shown = overview(alice)
    assert "1 person waits to be linked: “Email exists”." in shown
    assert f"/t/acme/console/sources/{okta.pk}/people/" in shown


def test_a_token_in_use_that_ends_soon_is_told_although_it_has_a_successor(
    alice: Person, okta: Source
) -> None:
    tokens(alice, last_used_at=timezone.now(), expires_at=timezone.now() + timedelta(days=5))
    with in_tenant(alice.tenant):
        add_token(okta, actor=SYSTEM)
    assert "The token it uses ends on" in overview(alice)
    with in_tenant(alice.tenant):
        ScimToken.objects.filter(expires_at=None).update(last_used_at=timezone.now() + timedelta(minutes=5))
    assert "The token it uses ends on" not in overview(alice)


def test_a_token_that_ended_is_bad_news(alice: Person, okta: Source) -> None:
    tokens(alice, last_used_at=timezone.now(), expires_at=timezone.now() - timedelta(hours=1))
    shown = overview(alice)
    assert "The token it used ended on" in shown
    assert "banner--bad" in shown


@pytest.mark.parametrize(
    ("status", "hours", "told"), [(409, 1, True), (500, 1, True), (404, 1, False), (409, 30, False)]
)
def test_requests_that_were_refused_lately_are_counted(
    alice: Person, okta: Source, status: int, hours: int, told: bool
) -> None:
    """404 is an answer: identity providers look whether somebody is there."""
    with in_tenant(alice.tenant):
        ReceivedRequest(source=okta, method="POST", path="/Users", status=status, seconds=0.1).save()
        ReceivedRequest.objects.update(created_at=timezone.now() - timedelta(hours=hours))
    assert ("1 request was refused in the last 24 hours." in overview(alice)) is told


def test_who_waits_is_not_told_twice(alice: Person, bob: Person, okta: Source) -> None:
    detail = EmailExists().to_document()["detail"]
    with in_tenant(alice.tenant):
        note_refusal(okta, EmailExists().about(bob.user, external_id="", user_name="bob"), actor=SYSTEM)
        ReceivedRequest(
            source=okta, method="POST", path="/Users", status=409, seconds=0.1, detail=detail
        ).save()
    shown = overview(alice)
    assert "waits to be linked" in shown
    assert "refused in the last" not in shown
