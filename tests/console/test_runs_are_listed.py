"""Runs of every kind stand in one list, newest first, each with its own page."""

import re

import pytest

from apps.accounts.models import PeopleAct, PeopleRun
from apps.accounts.people_runs.actions import prepare
from apps.directory.models import User
from apps.events.actors import Actor
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import Import, ImportState, Synchronization, SynchronizationState
from apps.tenants.context import in_tenant
from tests.fakes.scim_target import TOKEN

SYSTEM = Actor.system()
PAGE = "/console/runs/"


def rows(person, query=""):
    """(address, words) of each line."""
    page = person.get(PAGE + query).content.decode()
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    found = []
    for line in body.split("<tr>")[1:]:
        address = re.search(r'class="row-link" href="([^"]+)"', line).group(1)
        found.append((address, " ".join(re.sub(r"<[^>]+>", " ", line).split())))
    return found


@pytest.fixture
def integration(gitlab, alice):
    with in_tenant(alice.tenant):
        return configure_integration(
            gitlab, actor=SYSTEM, base_url="https://gitlab.example/scim", token=TOKEN
        )


@pytest.fixture
def three(integration, bob, alice):
    """An act on people, then a synchronisation, then an import: their ids."""
    with in_tenant(alice.tenant):
        run = prepare(PeopleAct.DEACTIVATE, User.objects.filter(pk=bob.user.pk), actor=SYSTEM)
        sync = Synchronization.objects.create(
            integration=integration,
            cause="request",
            actor_kind="administrator",
            actor_name="alice",
            state=SynchronizationState.DONE,
            total=12,
            left=2,
            failed=1,
        )
        taken = Import.objects.create(
            integration=integration,
            base_url=integration.base_url,
            actor_kind="administrator",
            actor_name="alice",
            state=ImportState.READY,
            total=40,
            read=40,
            selected=5,
            created=3,
            refused=1,
        )
    return run, sync, taken


def test_each_is_there_with_how_far_it_is_and_a_page_of_its_own(three, gitlab, alice):
    run, _sync, taken = three
    at = f"/t/acme/console/applications/{gitlab.pk}/identity-management/"
    (newest, words), (second, more), (oldest, last) = rows(alice)
    assert (newest, second, oldest) == (
        f"{at}imports/{taken.pk}/",
        at,
        f"/t/acme/console/users/runs/{run.pk}/",
    )
    assert words.startswith("Manual import GitLab Ready to choose from 4 of 5 1 alice")
    assert more.startswith("Synchronisation GitLab Finished 10 of 12 1 alice")
    assert last.startswith("Deactivate Waits for you 0 of 1 0 Gatehouse")
    head = alice.get(PAGE).content.decode().partition("<thead>")[2].partition("</thead>")[0]
    assert ">Progress<" in head  # who was refused has been dealt with, and is not done
    assert ">Done<" not in head
    for address in (newest, second, oldest):
        assert alice.client.get(address).status_code == 200


def test_one_that_is_under_way_claims_no_end(integration, alice):
    with in_tenant(alice.tenant):
        Synchronization.objects.create(
            integration=integration, cause="request", actor_kind="system", actor_name="Gatehouse", total=500
        )
    ((_address, words),) = rows(alice)
    assert "Under way — 0" in words


def test_they_are_paged_and_cost_the_same_however_many(three, alice, django_assert_max_num_queries):
    with in_tenant(alice.tenant):
        PeopleRun.objects.bulk_create(
            PeopleRun(act=PeopleAct.INVITE, actor_kind="system", actor_name="Gatehouse") for _ in range(60)
        )
    with django_assert_max_num_queries(12):
        first = rows(alice)
    assert len(first) == 25
    assert len(rows(alice, "?page=3")) == 63 - 50


def test_nobody_elses_are_there(three, charlie):
    page = charlie.client.get("/t/globex/console/runs/").content.decode()
    assert "Nothing yet" in page
