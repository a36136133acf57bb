"""
The first day of the demo tenant, once the server answers: applications are connected to the sandbox the way an administrator does it,
over HTTP, and one person signs in. So launcher, remote users and event log are filled by real SAML and SCIM, never by fixtures.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from apps.applications.actions import add_application, assign_group
from apps.applications.catalog import CATALOG
from apps.applications.models import Application
from apps.directory.errors import DirectoryError
from apps.directory.models import Group
from apps.events.actors import Actor
from apps.lib.http import OutboundError
from apps.provisioning.actions import activate_integration, configure_integration
from apps.provisioning.models import Integration, IntegrationState, Job, JobState
from apps.saml.actions.metadata import import_metadata_from_url
from apps.sandbox import actions as sandbox
from apps.sandbox.errors import SandboxError
from apps.tenants.addresses import tenant_url
from apps.tenants.models import Tenant
from portal.demo import cast, visit

SYSTEM = Actor.system()
PATIENCE = 20.0  # seconds until the first accounts should be in their applications


def applications(user: dict[str, str], unfinished: Path) -> list[str]:
    """On the first start; returns sentences about what did not work, for the terminal.

    The file `unfinished` is there meanwhile: a first start that was cut short is finished by the next.
    """
    if Application.objects.exists() and not unfinished.exists():
        return []  # not the first start: what the visitor changed since stays changed
    unfinished.touch()
    tenant = Tenant.objects.get(slug=cast.TENANT)
    problems = [problem for each in cast.APPLICATIONS for problem in _connect(tenant, each)]
    _wait_for_accounts()
    problems += _visit(tenant, user)
    unfinished.unlink()
    return problems


def _connect(tenant: Tenant, wanted: cast.DemoApplication) -> Iterator[str]:
    application = Application.objects.filter(slug=wanted.slug).first() or add_application(
        actor=SYSTEM,
        connector=wanted.connector,
        display_label=wanted.label,
        slug=wanted.slug,
        description=wanted.description,
        parameters=dict(wanted.parameters),
        bookmark_url=wanted.bookmark_url,
        colour=CATALOG[wanted.connector].colour,
    )
    for group in Group.objects.filter(name__in=wanted.groups):
        assign_group(application, group, actor=SYSTEM)
    try:
        if application.connector.saml:
            _connect_sign_on(tenant, application, wanted)
        if wanted.target:
            _connect_identity_management(tenant, application, wanted)
    except (DirectoryError, SandboxError, OutboundError) as error:
        yield f"{wanted.label} could not be connected to the sandbox: {error}"


def _connect_sign_on(tenant: Tenant, application: Application, wanted: cast.DemoApplication) -> None:
    """Each side reads the other's metadata from its public address."""
    provider = sandbox.add_service_provider(
        slug=application.slug, label=application.display_label, kind=wanted.target or "generic"
    )
    import_metadata_from_url(
        application, tenant_url(tenant, "sandbox:sp_metadata", slug=application.slug), actor=SYSTEM
    )
    sandbox.set_idp_metadata(provider, url=tenant_url(tenant, "saml:metadata", slug=application.slug))


def _connect_identity_management(
    tenant: Tenant, application: Application, wanted: cast.DemoApplication
) -> None:
    integration = Integration.objects.filter(application=application).first()
    if integration is not None and integration.is_active:
        return
    target, token = sandbox.add_target(
        slug=application.slug, label=application.display_label, kind=wanted.target, group_links=wanted.groups
    )
    integration = configure_integration(
        application,
        actor=SYSTEM,
        base_url=target.base_url,
        token=token or sandbox.renew_token(target),
        manage_groups=wanted.manage_groups,
    )
    activate_integration(integration, actor=SYSTEM)


def _wait_for_accounts() -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        busy = Job.objects.filter(
            integration__state=IntegrationState.ACTIVE, state__in=(JobState.PENDING, JobState.RUNNING)
        ).exists()
        if not busy and Job.objects.exists():
            return
        time.sleep(0.2)


def _visit(tenant: Tenant, user: dict[str, str]) -> Iterator[str]:
    try:
        visit.launch(tenant, user, ("gitlab", "pulumi", "wiki"))
    except visit.VisitError as error:
        yield f"The first sign-in did not work: {error}."
