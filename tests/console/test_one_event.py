"""The page of one event leads to all that it names, as far as it is there and the reader may go; what was sent stands on it without secrets."""

import html
import json
import re
from uuid import uuid4

import pytest

from apps.applications.actions import remove_application
from apps.directory.actions import remove_group
from apps.events.actions import record, recorded
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.correlation import correlated
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import Attempt, Job, Outcome
from apps.tenants.context import in_tenant


@pytest.fixture
def told(alice, bob, gitlab, engineering):
    """Bob's account could not be created, because of what alice did."""
    cause = uuid4()
    with in_tenant(alice.tenant), correlated(cause):
        joined = recorded(
            EventType.ASSOCIATION_CHANGE,
            actor=Actor(
                "administrator",
                str(alice.user.pk),
                "alice",
                "192.0.2.1",
                "Mozilla/5.0",
                auth_method="session",
            ),
            target=Target.of("user", bob.user),
            details={"association": "added", "group": str(engineering.pk), "group_name": "Engineering"},
        )
        integration = configure_integration(
            gitlab, actor=Actor.system(), base_url="https://gitlab.example/scim", token="secret"
        )
        job = Job.objects.create(
            integration=integration, kind="user", resource_id=bob.user.pk, resource_name="bob"
        )
        step = {
            "method": "POST",
            "path": "Users",
            "status": 409,
            "seconds": 0.2,
            "request": {"userName": "bob"},
            "answer": "{}",
        }
        attempt = Attempt.objects.create(
            job=job,
            operation="create",
            outcome=Outcome.PERMANENT,
            status=409,
            steps=[step],
        )
        refused = recorded(
            EventType.USER_CREATE_PROVISION,
            actor=Actor.system(),
            target=Target.of("user", bob.user),
            application=Target.of("application", gitlab),
            success=False,
            error_message="taken",
            details={"attempt": str(attempt.pk), "job": str(job.pk)},
        )
    return joined, refused, cause


def page_of(who, event, query=""):
    return who.get(f"/console/events/{event.pk}/{query}").content.decode()


def test_what_it_names_is_linked_where_it_is_still_there(alice, bob, gitlab, engineering, told, system):
    joined, refused, _cause = told
    page = page_of(alice, joined)
    for address in (
        f"/console/users/{bob.user.pk}/",
        f"/console/users/{alice.user.pk}/",
        f"/console/groups/{engineering.pk}/",
    ):
        assert f'{address}">' in page
    assert f'/console/applications/{gitlab.pk}/">' in page_of(alice, refused)
    with in_tenant(alice.tenant):
        remove_application(gitlab, actor=system)
        remove_group(engineering, actor=system)
    assert f"/console/groups/{engineering.pk}/" not in page_of(alice, joined)
    assert f"/console/applications/{gitlab.pk}/" not in page_of(alice, refused)
    assert "Engineering" in page_of(alice, joined)


def test_the_help_desk_is_led_to_people_and_sees_no_request(dora, alice, bob, gitlab, engineering, told):
    joined, refused, _cause = told
    page = page_of(dora, joined) + page_of(dora, refused)
    assert f'/console/users/{bob.user.pk}/">' in page
    assert f"/console/groups/{engineering.pk}/" not in page
    assert f"/console/applications/{gitlab.pk}/" not in page
    assert "POST Users" not in page
    assert "POST Users" in page_of(alice, refused)


def test_another_organisations_event_is_not_there(charlie, told):
    assert charlie.get(f"/console/events/{told[0].pk}/").status_code == 404


@pytest.mark.parametrize("value", ["x", "", 5, "deadbeef"])
def test_ids_that_are_none_lead_nowhere(alice, value):
    with in_tenant(alice.tenant):
        event = recorded(
            EventType.USER_UPDATE,
            actor=Actor("person", str(value), "x"),
            target=Target("user", str(value), "x"),
            details={"group": value},
        )
    assert alice.get(f"/console/events/{event.pk}/").status_code == 200


def test_what_was_sent_and_answered_stands_on_it_until_it_is_no_longer_kept(alice, told):
    page = page_of(alice, told[1])
    assert "POST Users" in page
    assert "409 in 200 ms" in page
    with in_tenant(alice.tenant):
        Attempt.objects.all().delete()
    assert "no longer kept" in page_of(alice, told[1])


def test_what_the_same_request_caused_stands_beside_it(alice, told):
    joined, refused, cause = told
    rail = page_of(alice, joined).partition("What belongs to it")[2].partition("Around it")[0]
    assert str(refused.pk) in rail
    assert f"?correlation={cause}" in rail
    listed = alice.get(f"/console/events/?correlation={cause}").content.decode()
    assert listed.count('class="row-link"') == 3  # and that the connection was configured


def test_one_goes_on_to_the_next_line_that_matches(alice, told):
    _joined, refused, _cause = told
    with in_tenant(alice.tenant):
        last = recorded(EventType.SSO_AUTH, actor=Actor.system(), success=False)
        record(EventType.SSO_AUTH, actor=Actor.system())
    log = alice.get("/console/events/?result=failure&column=time").content.decode()
    assert f"/console/events/{refused.pk}/?result=failure" in log
    page = page_of(alice, refused, "?result=failure")
    assert html.unescape(re.search(r'rel="next" href="([^"]+)"', page)[1]).endswith(
        f"/{last.pk}/?result=failure"
    )
    assert 'rel="prev"' not in page
    assert 'rel="next"' not in page_of(alice, last, "?result=failure")
    assert 'rel="next"' in page_of(alice, last)


def test_nothing_ended_and_no_are_told_and_not_left_out(alice):
    with in_tenant(alice.tenant):
        event = recorded(
            EventType.USER_SUSPENDED,
            actor=Actor.system(),
            details={"sessions_ended": 0, "idp_initiated": False, "refusal": ""},
        )
    page = page_of(alice, event)
    for name, value in (("sessions_ended", "0"), ("idp_initiated", "No"), ("refusal", "—")):
        assert f"<dt>{name}</dt><dd><code>{value}</code></dd>" in page


def test_the_whole_of_it_is_there_as_json_to_copy(alice, told):
    copied = re.search(r'data-copy="(\{[^"]+)"', page_of(alice, told[1]))[1]
    document = json.loads(html.unescape(copied))
    assert document["id"] == str(told[1].pk)
    assert document["created_at"].endswith("Z")


def test_a_persons_timeline_tells_where_things_came_from_apart(alice, bob, told, system):
    with in_tenant(alice.tenant):
        source = Actor("scim_source", str(uuid4()), "Entra")
        made = {
            "inbound": recorded(EventType.USER_UPDATE, actor=source, target=Target.of("user", bob.user)),
            "directory": told[0],
            "application": told[1],
            "sign_in": recorded(EventType.SSO_AUTH, actor=Actor("person", str(bob.user.pk), "bob")),
        }
        stranger = recorded(EventType.SSO_AUTH, actor=Actor("person", str(alice.user.pk), "alice"))
    path = f"/console/users/{bob.user.pk}/events/"
    whole = alice.get(path).content.decode()
    assert all(str(event.pk) in whole for event in made.values())
    assert str(stranger.pk) not in whole
    for kind in made:
        page = alice.get(f"{path}?kind={kind}").content.decode()
        assert [name for name, event in made.items() if str(event.pk) in page] == [kind]
        assert f"kind={kind}&amp;person={bob.user.pk}" in page
