"""scim2-server, which nobody here wrote, as the application: people and groups, from activation to deletion."""

import pytest

from apps.applications.actions import assign_group
from apps.directory import actions as directory
from apps.lib import event_loop
from apps.provisioning import actions, engine
from apps.provisioning.errors import ActivationRefused
from apps.provisioning.models import Attempt, Job, JobState
from tests.fakes.foreign_target import foreign_target

pytestmark = pytest.mark.django_db


@pytest.fixture
def foreign():
    with foreign_target() as running:
        yield running
        event_loop.close()


@pytest.fixture
def connected(company, foreign):
    company.application_of("custom_saml")
    integration = actions.configure_integration(
        company.application,
        actor=company.actor,
        base_url=foreign.base_url,
        token=foreign.token,
        manage_groups=True,
        deprovisioning="delete",
        delete_after_days=0,
    )
    actions.activate_integration(integration, actor=company.actor)
    return company


def test_a_wrong_token_is_refused_there(company, foreign):
    company.application_of("custom_saml")
    integration = actions.configure_integration(
        company.application, actor=company.actor, base_url=foreign.base_url, token="wrong"
    )
    with pytest.raises(ActivationRefused) as refusal:
        actions.activate_integration(integration, actor=company.actor)
    assert set(refusal.value.fields) == {"token"}


def test_a_life_of_a_person_and_a_group(connected, foreign):
    company = connected
    mia = company.person("mia", job_title="Engineer", work_phone="+44 20 7946 0000", timezone="Europe/London")
    noah = company.person("noah", display_name='Noah "the \\ tester" Ünïcode')
    group = company.group("Engineering", mia, noah)
    company.work()
    there = foreign.users["mia"]
    assert (there["active"], there["title"], there["timezone"]) == (True, "Engineer", "Europe/London")
    assert there["phoneNumbers"][0]["value"] == "+44 20 7946 0000"
    assert foreign.users["noah"]["displayName"] == 'Noah "the \\ tester" Ünïcode'
    assert foreign.groups == {"Engineering": {"mia", "noah"}}

    directory.update_user(mia, actor=company.actor, last_name="Muster", job_title="", work_phone="")
    directory.update_group(group, actor=company.actor, name="Platform")
    company.work()
    there = foreign.users["mia"]
    assert there["name"]["familyName"] == "Muster"
    assert not there.get("title")
    assert not there.get("phoneNumbers")
    assert foreign.groups == {"Platform": {"mia", "noah"}}

    directory.update_user(
        mia, actor=company.actor, work_phone="+44 1", username="mia.muster", email="mm@example.com"
    )
    company.work()
    there = foreign.users["mia.muster"]
    assert (there["phoneNumbers"][0]["value"], there["emails"][0]["value"]) == ("+44 1", "mm@example.com")

    directory.remove_member(group, noah, actor=company.actor)
    company.work()
    assert set(foreign.users) == {"mia.muster"}
    assert foreign.groups == {"Platform": {"mia.muster"}}

    directory.remove_group(group, actor=company.actor)
    company.work()
    assert (foreign.users, foreign.groups) == ({}, {})
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    assert not Attempt.objects.exclude(outcome="succeeded").exists()


def test_suspended_and_back(connected, foreign):
    company = connected
    actions.configure_integration(
        company.application, actor=company.actor, base_url=foreign.base_url, deprovisioning="suspend"
    )
    mia = company.person("mia")
    company.group("Engineering", mia)
    company.work()
    directory.deactivate_user(mia, actor=company.actor)
    company.work()
    assert foreign.users["mia"]["active"] is False
    directory.reactivate_user(mia, actor=company.actor)
    company.work()
    assert foreign.users["mia"]["active"] is True
    assert foreign.groups == {"Engineering": {"mia"}}


def test_what_is_there_already_is_linked_and_taken_over(company, foreign):
    """Two portals, one after the other: the second finds everything in place."""
    for _ in range(2):
        application = company.application_of("custom_saml")
        integration = actions.configure_integration(
            application,
            actor=company.actor,
            base_url=foreign.base_url,
            token=foreign.token,
            manage_groups=True,
        )
        actions.activate_integration(integration, actor=company.actor)
        if not foreign.users:
            group = company.group("Engineering", company.person("mia"))
        else:
            assign_group(application, group, actor=company.actor)
        company.relay()
        while engine.work(integration.pk):
            continue
    assert list(foreign.users) == ["mia"]
    assert foreign.groups == {"Engineering": {"mia"}}
    assert integration.remote_users.get().linked
    assert integration.remote_groups.get().linked
