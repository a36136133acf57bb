"""What a source's pages follow by themselves, where they lead, and how somebody is taken from a source again."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.actions import add_administrator
from apps.events.actors import Actor
from apps.events.models import Event
from apps.scim.actions.groups import add_group as add_pushed_group
from apps.scim.actions.links import accept_link
from apps.scim.actions.people import add_person, remove_person
from apps.scim.deletions import carry_out
from apps.scim.models import ExternalIdentity, PendingLink, SecondaryEmail
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.console.test_identity_sources import call, made, page

SYSTEM = Actor.system()


def ticked(shown: str) -> list[bool]:
    return ["Done" in each for each in re.findall(r'guide__number">(.*?)</span>', shown, re.DOTALL)]


@pytest.mark.parametrize(
    ("kind", "by_request"), [("okta", 5), ("entra", 4), ("onelogin", 2), ("jumpcloud", 4), ("other", 2)]
)
def test_the_steps_are_ticked_by_what_comes_and_the_page_looks_until_then(
    alice: Person, kind: str, by_request: int
) -> None:
    source, secret = made(alice, kind=kind)
    shown = page(alice, source)
    assert not any(ticked(shown))
    assert 'hx-select-oob="#steps:outerMorph"' in shown
    call(alice, secret)
    shown = page(alice, source)
    steps = len(ticked(shown))
    assert ticked(shown) == [True] * by_request + [False] * (steps - by_request)
    assert "every 3s" in shown
    with in_tenant(alice.tenant):
        add_person(source=source, actor=SYSTEM, username="mia", email="mia@acme.example")
    shown = page(alice, source)
    assert ticked(shown) == [True] * steps
    assert "every 3s" not in shown
    assert "htmx" not in shown.partition("<main")[0].partition("</head>")[0]


@pytest.mark.parametrize("look", ["600", "601", "99999999999", "x", "-1"])
def test_a_page_that_waits_does_not_look_for_ever(alice: Person, look: str) -> None:
    source, _secret = made(alice)
    assert ("every 3s" in page(alice, source, look=look)) is (not look.isdecimal() or len(look) > 4)
    assert f"?look={600}" in page(alice, source, look="599")  # the control


def test_a_person_is_unlinked_and_refused_to_the_source_until_linked_again(alice: Person) -> None:
    source, secret = made(alice)
    with in_tenant(alice.tenant):
        names = {"username": "mia", "email": "mia@acme.example"}
        home = [{"value": "mia@home.example", "type": "home"}]
        mia = add_person(source=source, actor=SYSTEM, external_id="00u1", secondary=home, **names)
        identity = ExternalIdentity.objects.get()
    assert "mia@home.example" in alice.get(f"/console/users/{mia.pk}/").content.decode()
    path = f"/console/sources/people/{identity.pk}/removal/"
    assert path in page(alice, source, "people/")
    said = alice.get(path).content.decode()
    for sentence in ("may not change them any more", "Email exists", "wait here to be linked again"):
        assert sentence in said
    assert "thirty days" not in said
    with in_tenant(alice.tenant):
        assert ExternalIdentity.objects.exists()  # a look changes nothing
    alice.post(path)
    with in_tenant(alice.tenant):
        assert not ExternalIdentity.objects.exists()
        assert not SecondaryEmail.objects.exists()
        event = Event.objects.get(type="scim_unlink")
        assert (event.target_id, event.actor_name) == (str(mia.pk), "alice")
        mia.refresh_from_db()
        assert mia.active
    shown = alice.get(f"/console/users/{mia.pk}/").content.decode()
    assert "Managed by" not in shown
    assert "mia@home.example" not in shown
    assert alice.client.post(alice.url(path)).status_code == 404
    for name in ("mia", "mia.again"):
        sent = {"userName": name, "externalId": "00u1", "emails": [{"value": "mia@acme.example"}]}
        answer = alice.client.post(
            alice.url("/scim/v2/Users"),
            sent,
            content_type="application/json",
            headers={"authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == 409
    assert "Waiting to be linked" in page(alice, source, "people/")
    with in_tenant(alice.tenant):
        accept_link(PendingLink.objects.get(), actor=SYSTEM)
    answer = alice.client.post(
        alice.url("/scim/v2/Users"),
        sent,
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    assert (answer.status_code, answer.json()["id"]) == (201, str(mia.pk))


def test_whoever_the_source_deleted_and_is_unlinked_is_not_deleted_here(alice: Person) -> None:
    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        mia = add_person(source=source, actor=SYSTEM, username="mia", email="mia@acme.example")
        identity = ExternalIdentity.objects.select_related("user").get()
        remove_person(identity, actor=SYSTEM)
    path = f"/console/sources/people/{identity.pk}/removal/"
    assert "thirty days" in alice.get(path).content.decode()
    alice.post(path)
    with in_tenant(alice.tenant), time_machine.travel(timezone.now() + timedelta(days=40)):
        carry_out()
        mia.refresh_from_db()
        assert not mia.active


@pytest.mark.parametrize(
    ("role", "leads"), [("help_desk", False), ("read_only", True), ("administrator", True)]
)
def test_whose_somebody_is_leads_only_where_the_reader_may_go(
    alice: Person, bob: Person, role: str, leads: bool
) -> None:
    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        mia = add_person(source=source, actor=SYSTEM, username="mia", email="mia@acme.example")
        group = add_pushed_group(
            source=source, actor=SYSTEM, name="Everybody", external_id="g1", members=[str(mia.pk)]
        )
        add_administrator(bob.user, role=role, actor=SYSTEM)
    assert group.name == "Everybody"
    for tab, target in (("", "people"), ("groups/", "groups")):
        shown = bob.get(f"/console/users/{mia.pk}/{tab}").content.decode()
        assert "Managed by Okta prod" in shown
        assert (f"/console/sources/{source.pk}/{target}/" in shown) is leads
    allowed = bob.get(f"/console/sources/{source.pk}/people/").status_code == 200
    assert allowed is leads
