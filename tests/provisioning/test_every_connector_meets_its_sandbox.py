"""One story over every connector that has Identity Management, against what imitates its application."""

import pytest

from apps.applications.catalog import CATALOG
from apps.directory import actions as directory
from apps.lib import event_loop
from apps.provisioning import actions, running
from apps.provisioning.models import Attempt, Job, JobState
from apps.sandbox.actions import add_target, update_target
from apps.sandbox.models import SandboxAccount, SandboxTarget, SandboxTeam

pytestmark = pytest.mark.django_db(transaction=True)

CONNECTORS = [connector for connector in CATALOG.values() if connector.scim]


@pytest.fixture
def connected(company, live_server, settings, request):
    settings.PUBLIC_URL = live_server.url
    connector = request.param
    kind = connector.key if connector.key != "custom_saml" else "generic"
    target, token = add_target(slug="target", label="Target", kind=kind)
    update_target(target, group_links=["Engineering", "Platform"], email_domains=[])
    parameters = {parameter.name: parameter.placeholder for parameter in connector.parameters}
    company.application_of(connector.key, **parameters)
    integration = actions.configure_integration(
        company.application,
        actor=company.actor,
        base_url=target.base_url,
        token=token,
        manage_groups=connector.scim.supports_groups,
    )
    actions.activate_integration(integration, actor=company.actor)
    yield company
    event_loop.close()


def active() -> set[str]:
    return set(SandboxAccount.objects.filter(active=True).values_list("email", flat=True))


def members(name: str) -> set[str]:
    team = SandboxTeam.objects.get(display_name=name)
    return set(team.members.values_list("email", flat=True))


@pytest.mark.parametrize("connected", CONNECTORS, ids=lambda connector: connector.key, indirect=True)
def test_joining_changing_leaving_and_coming_back(connected):
    company = connected
    has_groups = company.integration.groups_managed
    mia, noah = company.person("mia", job_title="Engineer"), company.person("noah")
    group = company.group("Engineering", mia, noah)
    company.work()
    assert active() == {"mia@example.com", "noah@example.com"}
    if has_groups:
        assert members("Engineering") == {"mia@example.com", "noah@example.com"}

    directory.update_user(mia, actor=company.actor, last_name="Muster")
    company.work()
    if company.integration.dialect.updates_users:
        assert "Muster" in str(SandboxAccount.objects.get(email="mia@example.com").document)

    directory.remove_member(group, mia, actor=company.actor)
    directory.deactivate_user(noah, actor=company.actor)
    company.work()
    assert active() == set()
    if has_groups:
        assert members("Engineering") == set()

    directory.add_member(group, mia, actor=company.actor)
    directory.reactivate_user(noah, actor=company.actor)
    company.work()
    assert active() == {"mia@example.com", "noah@example.com"}
    assert SandboxAccount.objects.count() == 2
    if has_groups:
        assert members("Engineering") == {"mia@example.com", "noah@example.com"}
        directory.remove_group(group, actor=company.actor)
        company.work()
        assert not SandboxTeam.objects.exists()
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    assert not Attempt.objects.exclude(outcome="succeeded").exists()


@pytest.mark.parametrize("connected", CONNECTORS, ids=lambda connector: connector.key, indirect=True)
def test_what_was_there_before_is_found_again(connected):
    """Our records are lost; the application's are not."""
    company = connected
    mia = company.person("mia")
    company.group("Engineering", mia)
    company.work()
    there = SandboxAccount.objects.get().resource_id
    company.integration.remote_users.all().delete()
    company.integration.remote_groups.all().delete()
    running.synchronize(company.integration, actor=company.actor)
    company.work()
    assert SandboxAccount.objects.get().resource_id == there
    assert company.remote(mia).linked
    assert SandboxTarget.objects.get().teams.count() == int(company.integration.groups_managed)
    assert not Job.objects.exclude(state=JobState.DONE).exists()
