"""An organisation with one of each thing that a page shows."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.announcements import announce
from apps.accounts.models import Administrator, LinkPurpose
from apps.accounts.one_time_links import add_link
from apps.applications.actions import add_application, assign_group
from apps.applications.models import Application
from apps.directory.actions import add_group, add_member, add_user, update_user
from apps.directory.models import Group, User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import (
    Attempt,
    Integration,
    IntegrationState,
    Job,
    JobState,
    Outcome,
    PlannedChange,
    PreparedPlan,
    RemoteUser,
    ResourceKind,
)
from apps.saml.actions.key_pairs import add_certificate
from apps.saml.actions.metadata import Received, add_upload, import_metadata
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.metadata_fetch import Fetched
from apps.saml.metadata_refresh import take_in
from apps.saml.models import MetadataSource, MetadataUpload
from apps.sandbox import actions as sandbox
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.browser.furnished_imports import furnish_imports
from tests.browser.furnished_keys import furnish_keys
from tests.browser.furnished_runs import furnish_receipt, furnish_runs
from tests.browser.sources import furnished_source
from tests.browser.webhooks import furnished_webhook
from tests.conftest import Person
from tests.launcher.pictures import png
from tests.saml.metadata import sp_metadata
from tests.saml.metadata_server import service, several, until
from tests.sandbox.conversation import Scim
from tests.sandbox.identity_provider import IdentityProvider, encoded

# One of each kind of tile: brand mark, colour and letter (its account is not there yet), picture and long words, bookmark.
APPLICATIONS: tuple[dict[str, Any], ...] = (
    {
        "connector": "gitlab_saas",
        "display_label": "GitLab",
        "description": "Source code and CI",
        "parameters": {"group_path": "acme"},
    },
    {"connector": "custom_saml", "display_label": "Expenses", "colour": "plum"},
    {
        "connector": "custom_saml",
        "display_label": "Émigré relocation and travel reimbursements",
        "description": "With a picture " * 8,
        "logo": png(),
    },
    {
        "connector": "bookmark",
        "display_label": "Canteen menu",
        "bookmark_url": "https://canteen.example/today",
    },
)


def furnish(tenant: Tenant, bob: Person, alice: Person, erin: Person, system: Actor) -> dict[str, str]:
    """The tenant acme with one of each thing, and every kind of tile in bob's launcher: name → id for addresses."""
    with in_tenant(tenant):
        update_user(bob.user, actor=system, timezone="Europe/Berlin", job_title="Engineer")
        engineering = add_group(actor=system, name="Engineering", description="Builds it")
        add_member(engineering, bob.user, actor=system)
        applications = [add_application(actor=system, **fields) for fields in APPLICATIONS]
        for application in applications:
            assign_group(application, engineering, actor=system)
        site = "https://travel.example"
        update_sso(
            sso_of(applications[2]), actor=system, sp_entity_id=f"{site}/metadata", acs_urls=[f"{site}/acs"]
        )
        _furnish_sandbox()
        newest = Event.objects.first()
        announce(tenant, "On Friday the office is shut. " * 3, until=None, actor=system)
        source = furnished_source(bob.user, system)
        webhook = furnished_webhook(system)
        managed = Group.objects.get(name="Everybody")
        job = _failing_job(applications[1], bob.user, system)
        certificate = add_certificate(applications[0], actor=system)
        reading, chosen = furnish_imports(applications[2], bob.user, system)
        under_way, plan = _plans(job.integration, bob.user)
        choice = _furnish_metadata(applications[1], system)
        runs = furnish_runs([alice.user, bob.user], engineering)
        receipt = furnish_receipt(system)
        links = {purpose.value: add_link(bob.user, purpose) for purpose in LinkPurpose}
        links |= furnish_keys(alice.user, source, system) | {"passkey": str(erin.user.passkeys.get().pk)}
    gitlab, expenses, relocation = applications[:3]
    made = {
        "alice": alice.user,
        "bob": bob.user,
        "erin": erin.user,
        "engineering": engineering,
        "gitlab": gitlab,
        "expenses": expenses,
        "relocation": relocation,
        "event": newest,
        "source": source,
        **webhook,
        "managed": managed,
        "job": job,
        "certificate": certificate,
        "choice": choice,
        "reading": reading,
        "import": chosen,
        **runs,
        "receipt": receipt,
        "plan under way": under_way,
        "plan": plan,
    }
    with in_tenant(tenant):
        made["tenant"] = tenant
        made["administrator"] = Administrator.objects.get(user=alice.user)
    return {name: str(thing.pk) for name, thing in made.items()} | links


def _failing_job(application: Application, user: User, system: Actor) -> Job:
    """Of a connection that is paused: nothing is sent while somebody looks at it, and its tile is "being set up"."""
    base_url = "https://expenses.example/scim/v2"
    integration = configure_integration(application, actor=system, base_url=base_url, token="not-a-real-one")
    integration.state, integration.last_problem = IntegrationState.QUARANTINED, "401 the token has expired"
    integration.manage_groups = True
    integration.save()
    words = "userName has already been taken"
    job = Job(
        integration=integration,
        kind=ResourceKind.USER,
        resource_id=user.pk,
        resource_name=str(user),
        state=JobState.PARKED,
    )
    job.last_status, job.last_error, job.attempts = 409, words, 4
    job.save()
    step = {
        "method": "POST",
        "path": "/Users",
        "status": 409,
        "seconds": 0.2,
        "request": {"userName": "bob"},
        "answer": words,
    }
    Attempt(job=job, operation="create", outcome=Outcome.PERMANENT, steps=[step]).save()
    _held_removal(integration, system)
    return job


def _plans(integration: Integration, user: User) -> tuple[PreparedPlan, PreparedPlan]:
    """One that a worker is making, and one that is ready."""
    under_way = PreparedPlan(integration=integration, compared=9500, total=20000)
    under_way.lease_until = timezone.now() + timedelta(hours=1)
    under_way.save()
    plan = PreparedPlan(integration=integration, user_counts={"create": 1}, ready_at=timezone.now())
    plan.save()
    sent = {"userName": "bob"}
    about = {"kind": "user", "resource_id": user.pk, "name": str(user)}
    PlannedChange(plan=plan, number=0, operation="create", document=sent, **about).save()
    return under_way, plan


def _held_removal(integration: Integration, system: Actor) -> None:
    """Of somebody who is in no bound group any more."""
    leaver = add_user(actor=system, username="lena", email="lena@acme.example", first_name="Lena")
    RemoteUser(integration=integration, user=leaver, name=str(leaver), remote_id="7").save()
    Job(
        integration=integration,
        kind=ResourceKind.USER,
        resource_id=leaver.pk,
        resource_name=str(leaver),
        state=JobState.HELD,
    ).save()


def _furnish_metadata(application: Application, system: Actor) -> MetadataUpload:
    """From an address, with a change that waits; and a file to choose from."""
    import_metadata(application, sp_metadata(attributes=until(days=2)), actor=system)
    MetadataSource.objects.update(url="https://sp.example/metadata?" + "a" * 200)
    changed = sp_metadata(
        entity_id="https://other.example", acs=service("https://other.example/acs" + "/x" * 80)
    )
    take_in(MetadataSource.objects.get(), Fetched(changed, ""), actor=system)
    two = several(sp_metadata(), sp_metadata(entity_id="https://two.example/" + "x" * 200))
    return add_upload(application, Received(two))


def _furnish_sandbox() -> None:
    """A service provider that somebody came to, and a target with an account, a team and requests of every colour."""
    idp = IdentityProvider()
    there = sandbox.add_service_provider(slug="wiki", label="Wiki")
    sandbox.set_idp_metadata(there, xml=idp.metadata())
    sandbox.add_sign_in(there, encoded(idp.signed(there)))
    target, token = sandbox.add_target(
        slug="blog", label="Blog", kind="gitlab_self_managed", group_links=["A"]
    )
    sandbox.add_account(target, user_name="ada", email="ada@example.com", owner=True)
    caller = Scim(target, str(token))
    name, emails = {"givenName": "Mia"}, [{"value": "mia@example.com"}]
    caller.send("POST", "/Users", {"externalId": "mia", "userName": "mia", "name": name, "emails": emails})
    caller.send("DELETE", "/Users/mia")
    caller.send("POST", "/Groups", {"displayName": "A"})
    caller.send("POST", "/Groups", {"displayName": "B"})
