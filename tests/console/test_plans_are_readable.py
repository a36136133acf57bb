"""A plan says in one line what each change is about, and holds the exact JSON below it."""

import json
from uuid import uuid4

import pytest
from django.utils import timezone
from lxml import html

from apps.console.plan_view import in_short
from apps.directory.actions import add_member, add_user
from apps.provisioning.models import Attempt, Integration, Job, PlannedChange, PreparedPlan, RemoteUser
from apps.provisioning.plans import actions as plans
from apps.provisioning.plans import tasks, work
from apps.tenants.context import in_tenant
from tests.console.test_identity_is_run import digest_on


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"schemas": ["…"], "userName": "mia", "active": True}, "mia"),
        ({"displayName": "Engineering", "members": []}, "Engineering"),
        ([{"op": "replace", "path": "active", "value": False}], "active: false"),
        (
            [{"op": "Replace", "path": "title", "value": "Lead"}, {"op": "remove", "path": "timezone"}],
            "title: Lead, remove timezone",
        ),
        (
            [
                {"op": "remove", "path": 'members[value eq "u1"]'},
                {"op": "remove", "path": 'members[value eq "u2"]'},
                {"op": "add", "path": "members", "value": [{"value": "u3"}]},
            ],
            "members: remove 2, members: add 1",
        ),
        (
            [{"op": "replace", "path": 'emails[type eq "work"].value', "value": "m@a.example"}],
            'emails[type eq "work"].value: m@a.example',
        ),
        (None, ""),
    ],
)
def test_a_change_in_one_line(document, line):
    assert in_short(document) == line


def test_the_plan_holds_the_exact_json_and_no_markup_of_anybodys(alice, engineering, path, active, system):
    hostile = "<script>alert(1)</script>"
    with in_tenant(alice.tenant):
        carol = add_user(actor=system, username="carol", email="carol@acme.example", first_name=hostile)
        add_member(engineering, carol, actor=system)
    page = alice.get(f"{path}plan/").content.decode()
    assert hostile not in page
    assert "&#x27;" not in page  # no Python
    shown = [json.loads(pre.text_content()) for pre in html.fromstring(page).xpath("//td//pre")]
    answer = alice.get(f"{path}plan/").context
    assert shown == [row.document for _, row, _, _ in answer["rows"] if row.document]
    assert [each["name"]["givenName"] for each in shown] == [hostile]


def test_a_conflict_leads_to_what_was_said_and_to_linking_the_account(
    alice, engineering, path, active, system
):
    with in_tenant(alice.tenant):
        carol, dan = (
            add_user(actor=system, username=name, email=f"{name}@acme.example") for name in ("carol", "dan")
        )
        for person in (carol, dan):
            add_member(engineering, person, actor=system)
        refused = Job.objects.create(
            integration=Integration.objects.get(),
            kind="user",
            resource_id=carol.pk,
            state="parked",
            last_status=409,
            last_error="Somebody has this name.",
        )
    page = html.fromstring(alice.get(f"{path}plan/").content.decode())
    details = f"/t/acme{path}jobs/{refused.pk}/"
    # Dan's creation needs none; Carol's account is looked for at once.
    assert page.xpath("//td//a/@href") == [details, f"{details}account/?account=carol%40acme.example"]
    assert [reason.text_content() for reason in page.xpath("//td/small")] == ["Somebody has this name."]
    job = alice.get(f"{path}jobs/{refused.pk}/").content.decode()
    assert "Link to an existing account…" in job


def test_an_account_that_is_somebody_elses_is_not_offered(alice, bob, engineering, path, active, system):
    with in_tenant(alice.tenant):
        carol = add_user(actor=system, username="carol", email="carol@acme.example")
        add_member(engineering, carol, actor=system)
        there = active.add_user("carol.old", "carol.old@acme.example")
        refused = Job.objects.create(
            integration=Integration.objects.get(), kind="user", resource_id=carol.pk, state="parked"
        )
        bobs = RemoteUser.objects.get(user=bob.user).remote_id
    address = f"{path}jobs/{refused.pk}/account/"
    theirs = alice.get(f"{address}?account={bobs}").content.decode()
    assert "Belongs to" in theirs
    assert 'name="remote_id"' not in theirs
    free = alice.get(f"{address}?account={there['id']}").content.decode()
    assert "Belongs to" not in free
    assert 'name="remote_id"' in free


def test_an_attempt_shows_json_as_it_was_sent(alice, bob, path, active):
    with in_tenant(alice.tenant):
        job, sent = Job.objects.get(), Attempt.objects.get().steps[-1]["request"]
    page = alice.get(f"{path}jobs/{job.pk}/").content.decode()
    assert "{&#x27;" not in page
    shown = [pre.text_content() for pre in html.fromstring(page).xpath("//pre")]
    assert json.dumps(sent, indent=2, ensure_ascii=False) in shown


# --- many people


@pytest.fixture
def many(monkeypatch):
    """Nobody is few enough."""
    monkeypatch.setattr(plans, "AT_ONCE", 0)
    monkeypatch.setattr(tasks, "ring", lambda *ids: None)


def make_plans(alice):
    with in_tenant(alice.tenant):
        for plan in PreparedPlan.objects.filter(ready_at=None):
            assert not work.work(plan.pk)


def test_a_plan_of_many_is_made_while_a_page_says_how_far_it_is(
    alice, engineering, path, active, many, system
):
    with in_tenant(alice.tenant):
        carol = add_user(actor=system, username="carol", email="carol@acme.example", first_name="Carol")
        add_member(engineering, carol, actor=system)
    answer = alice.get(f"{path}plan/")
    assert answer.status_code == 302
    address = answer["Location"].removeprefix("/t/acme")
    page = alice.get(address).content.decode()
    assert "Waiting for a worker" in page
    assert '<noscript><meta http-equiv="refresh"' in page  # without JavaScript
    with in_tenant(alice.tenant):
        PreparedPlan.objects.update(compared=300, total=2000)
    page = alice.get(address).content.decode()
    assert "300 of 2000 compared" in page
    make_plans(alice)
    ready = alice.get(address).content.decode()
    assert "1 create" in ready
    assert "Carol" in ready
    assert "http-equiv" not in ready
    alice.post(f"{path}synchronizations/", {"plan": digest_on(ready)})
    page = alice.get(path).content.decode()
    assert "Is it still the plan that was looked at?" in page
    make_plans(alice)
    page = alice.get(path).content.decode()
    assert "Being lined up" in page


def test_another_plan_by_now_is_told_with_the_way_to_the_new_one(alice, path, active, many):
    alice.post(f"{path}synchronizations/", {"plan": "another"})
    make_plans(alice)
    page = alice.get(path).content.decode()
    assert "The sync was not begun." in page
    assert "Please look at the new plan." in page
    assert f'href="/t/acme{path}plan/"' in page


def test_every_change_of_many_can_be_looked_at(alice, path, active, many, monkeypatch):
    monkeypatch.setattr("apps.console.views.identity_plans.ROWS", 2)
    with in_tenant(alice.tenant):
        plan = PreparedPlan.objects.create(integration=Integration.objects.get(), ready_at=timezone.now())
        for number in range(3):
            PlannedChange.objects.create(
                plan=plan,
                number=number,
                kind="user",
                resource_id=uuid4(),
                name=f"Nr {number}",
                operation="create",
            )
    first, second = (alice.get(f"{path}plans/{plan.pk}/?page={page}").content.decode() for page in (1, 2))
    assert ("Nr 0" in first, "Nr 2" in first) == (True, False)
    assert ("Nr 0" in second, "Nr 2" in second) == (False, True)
    assert "1–2 of 3" in first
