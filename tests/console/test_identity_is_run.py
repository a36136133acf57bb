"""A connection as it runs: held removals, quarantine, synchronisations, pauses."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_member, add_user, remove_member
from apps.events.actors import Actor
from apps.outbox import relay
from apps.provisioning.models import Comparison, Integration, Job, Synchronization
from apps.tenants.context import in_tenant
from tests.console.conftest import connection, integration
from tests.fakes.scim_target import TOKEN


def hold(alice):
    with in_tenant(alice.tenant):
        Job.objects.update(state="held")


def states(alice):
    with in_tenant(alice.tenant):
        return set(Job.objects.values_list("state", flat=True))


def test_held_removals_wait_for_an_approval(alice, path, active):
    hold(alice)
    assert "waits for your approval" in alice.get(path).content.decode()
    assert "waits for your approval" in alice.get("/console/").content.decode()
    page = alice.get(f"{path}approval/").content.decode()
    assert "nothing was sent about these yet" in page
    assert "Bob Example" in page
    assert "Keep these accounts" in page
    alice.post(f"{path}approval/", {"held": "1"})
    assert states(alice) == {"pending"}
    for late in ("approval", "rejection"):  # another administrator's page, or the same one in another tab
        again = alice.post(f"{path}{late}/", {"held": "1"}, follow=True).content.decode()
        assert "Nothing waits for a decision any more." in again
    assert "Nothing waits" in alice.get(f"{path}approval/").content.decode()


def test_held_removals_are_rejected_and_shown_as_kept(alice, bob, path, active):
    hold(alice)
    outdated = alice.post(f"{path}rejection/", {"held": "0"}, follow=True).content.decode()
    assert "Meanwhile more removals wait" in outdated
    assert states(alice) == {"held"}
    alice.post(f"{path}rejection/", {"held": "1"})
    assert states(alice) == {"kept"}
    assert "Kept by decision" in alice.get(path).content.decode()
    assert "kept by decision" in alice.get(f"/console/users/{bob.user.pk}/applications/").content.decode()
    with in_tenant(alice.tenant):
        job = Job.objects.get()
    assert "An administrator decided" in alice.get(f"{path}jobs/{job.pk}/").content.decode()
    alice.post(f"{path}jobs/{job.pk}/reopening/")
    assert states(alice) == {"pending"}


@pytest.mark.parametrize(
    ("reason", "words"), [("token", "the token is refused"), ("failures", "most requests fail")]
)
def test_a_quarantine_says_why_and_is_ended_by_a_button(alice, path, active, reason, words):
    with in_tenant(alice.tenant):
        Integration.objects.update(state="quarantined", quarantine_reason=reason, last_problem="The cause")
    page = alice.get(path).content.decode()
    assert f"Paused: {words}." in page
    assert "The cause" in page
    assert ("Change URL or token…</a>" in page.partition("Resume now")[0].rpartition("The cause")[2]) is (
        reason == "token"
    )
    assert words in alice.get("/console/").content.decode()
    active.token = "rotated"
    refused = alice.post(f"{path}resumption/", follow=True).content.decode()
    assert "The application refused this token" in refused
    assert integration(alice).state == "quarantined"
    active.token = TOKEN
    assert "What is owed is being sent now" in alice.post(f"{path}resumption/", follow=True).content.decode()
    assert integration(alice).is_active


def digest_on(page):
    return page.partition('name="plan" value="')[2].partition('"')[0]


def test_activating_shows_the_plan_first_and_does_exactly_that(alice, bob, path, target, engineering, work):
    values = connection(target) | {"preview": "1"}
    del values["activate"]
    page = alice.post(f"{path}connection/", values, follow=True).content.decode()
    assert "1 create" in page
    assert target.journal == []
    with in_tenant(alice.tenant):
        remove_member(engineering, bob.user, actor=Actor.system())
    changed = alice.post(f"{path}activation/", {"plan": digest_on(page)}, follow=True).content.decode()
    assert "Please look at the new plan" in changed
    assert not integration(alice).is_active
    alice.post(f"{path}activation/", {"plan": digest_on(changed)})
    assert integration(alice).is_active
    work()
    assert target.users == {}


def test_a_synchronisation_is_followed_and_cancelled_on_the_page(alice, path, active):
    alice.post(f"{path}synchronizations/", {"plan": "another"})
    assert "Synchronising" not in alice.get(path).content.decode()
    alice.post(f"{path}synchronizations/")
    assert "Being lined up" in alice.get(path).content.decode()
    with in_tenant(alice.tenant):
        while relay.drain():
            continue
        running = Synchronization.objects.get(state="running")
    page = alice.get(path).content.decode()
    assert "0 of 1 compared" in page
    alice.post(f"{path}synchronizations/{running.pk}/cancellation/")
    assert "Cancelled" in alice.get(path).content.decode()


def test_what_is_paused_meanwhile_is_not_said_to_go_on(alice, path, active):
    alice.post(f"{path}synchronizations/")
    with in_tenant(alice.tenant):
        while relay.drain():
            continue
        Job.objects.update(next_at=timezone.now() - timedelta(minutes=1))
    page = alice.get(path).content.decode()
    assert "<h2>Synchronising</h2>" in page
    assert "once it is resumed" not in page
    alice.post(f"{path}pause/")
    page = alice.get(path).content.decode()
    assert "<h2>Synchronising</h2>" not in page
    assert "<h2>Interrupted by the pause</h2>" in page
    assert "once it is resumed" in page.partition("On its way")[2]


def test_a_synchronisation_counts_everybody_only_when_it_has_ended(alice, path, active, work):
    alice.post(f"{path}synchronizations/")
    with in_tenant(alice.tenant):
        while relay.drain():
            continue
    lines = alice.get(path).content.decode().partition(">Synchronisations<")[2].partition("</table>")[0]
    assert "Under way" in lines
    assert lines.count("1 compared") == 1  # the one by activating
    work()
    lines = alice.get(path).content.decode().partition(">Synchronisations<")[2].partition("</table>")[0]
    assert lines.count("1 compared") == 2


def test_how_many_more_wait_than_are_shown_is_said(alice, path, active, engineering, system):
    with in_tenant(alice.tenant):
        for number in range(22):
            add_member(
                engineering,
                add_user(actor=system, username=f"p{number}", email=f"p{number}@example.com"),
                actor=system,
            )
        while relay.drain():
            continue
    assert "And 2 more." in alice.get(path).content.decode()
    with in_tenant(alice.tenant):
        Job.objects.filter(resource_name__in=["p0", "p1"]).update(state="done")
    assert "more.</p>" not in alice.get(path).content.decode()


def test_pausing_says_what_it_means_and_resuming_ends_it(alice, path, active):
    assert "nothing is sent" in alice.post(f"{path}pause/", follow=True).content.decode()
    page = alice.get(path).content.decode()
    assert "Paused by an administrator." in page
    assert "paused by an administrator" in alice.get("/console/").content.decode()
    alice.post(f"{path}resumption/")
    assert integration(alice).is_active
    alice.post(f"{path}deactivation/")
    assert "is not active" in alice.post(f"{path}pause/", follow=True).content.decode()


def test_an_application_that_does_not_answer_is_waited_for_and_the_page_says_until_when(alice, path, active):
    until = timezone.now() + timedelta(minutes=2)
    with in_tenant(alice.tenant):
        Integration.objects.update(not_before=until, last_problem="It could not be reached: <b>refused</b>.")
    page = alice.get(path).content.decode()
    assert "Waiting for the application." in page
    assert "It could not be reached: &lt;b&gt;refused&lt;/b&gt;. It is tried again at <time" in page
    assert "nothing owed is lost" in page


def test_who_is_held_is_among_the_counts(alice, path, active):
    assert ">Held<" not in alice.get(path).content.decode()
    hold(alice)
    assert ">Held<" in alice.get(path).content.decode()


def test_the_last_comparison_of_everybody_is_told(alice, path, active):
    assert "Last full comparison" not in alice.get(path).content.decode()  # nobody has said yet when
    with in_tenant(alice.tenant):
        compared = Comparison.objects.create(integration=Integration.objects.get(), next_at=timezone.now())
    assert "None yet" in alice.get(path).content.decode()
    compared.last_ended_at, compared.last_compared = timezone.now(), 10000
    with in_tenant(alice.tenant):
        compared.save()
    assert "10000 compared, none differed" in alice.get(path).content.decode()
    compared.last_differed, compared.last_waiting = 3, 2
    with in_tenant(alice.tenant):
        compared.save()
    page = alice.get(path).content.decode()
    assert "10000 compared, 3 differed and were put right, 2 wait already" in page
    assert "Next: " in page


def test_deactivating_somebody_says_what_becomes_of_their_account_in_each_application(
    alice, bob, path, active, gitlab, engineering, system
):
    with in_tenant(alice.tenant):
        wiki = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        assign_group(wiki, engineering, actor=system)
    address = f"/console/users/{bob.user.pk}/deactivation/"
    assert "GitLab: Their accounts there are deactivated at once." in alice.get(address).content.decode()
    with in_tenant(alice.tenant):
        Integration.objects.update(deprovisioning="keep")
    kept = alice.get(address).content.decode()
    assert "GitLab: Identity Management is set to leave their accounts there as they are." in kept
    assert "Wiki: Identity Management is not active, so accounts there stay as they are." in kept
    assert "deactivated at once" not in kept
