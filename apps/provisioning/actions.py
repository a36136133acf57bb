"""Every way an integration changes, and what an administrator may ask of its work: change, event, outbox in one transaction.

Whatever talks to the application does so before the transaction begins.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.applications.models import Application
from apps.events.actions import changes_between
from apps.events.actors import Actor
from apps.events.types import EventType
from apps.lib import addresses
from apps.lib.errors import TargetRefused
from apps.lib.language import written
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.provisioning import capabilities, passwords, running, synchronizations, tasks, wire
from apps.provisioning.errors import ActivationRefused, IntegrationInvalid
from apps.provisioning.integration_events import record_integration
from apps.provisioning.models import (
    Deprovisioning,
    Integration,
    IntegrationState,
    Job,
    JobState,
    RemoteGroup,
    RemoteUser,
    Synchronization,
)
from apps.provisioning.verification import Verification, verify_with_capabilities

MOST_DAYS = 3650
LONGEST_BASE_URL = 1000
SHORTEST_HINTED = 12  # the last four characters of a shorter token would give too much of it away
EDITABLE = ("base_url", "manage_groups", "deprovisioning", "delete_after_days", "sync_passwords")


def integration_of(application: Application) -> Integration | None:
    found: Integration | None = Integration.objects.filter(application=application).first()
    return found


def configure_integration(
    application: Application,
    *,
    actor: Actor,
    base_url: str,
    token: str | None = None,
    manage_groups: bool | None = None,
    deprovisioning: str | None = None,
    delete_after_days: int | None = None,
    sync_passwords: bool | None = None,
) -> Integration:
    """None leaves a value as it is. A new base URL erases a token that does not come with it; either has to be activated anew.

    Raises IntegrationInvalid.
    """
    given: dict[str, Any] = {
        "base_url": base_url.strip(),
        "manage_groups": manage_groups,
        "deprovisioning": deprovisioning,
        "delete_after_days": delete_after_days,
        "sync_passwords": sync_passwords,
    }
    given = {field: value for field, value in given.items() if value is not None}
    token = (token or "").strip()
    _refuse_invalid(application, given, token)
    with transaction.atomic():
        integration: Integration | None = (
            Integration.objects.select_for_update().filter(application=application).first()
        )
        before = _snapshot(integration) if integration else {}
        if integration is None:
            integration = _new_integration(application)
        moved = bool(before) and _place(str(before["base_url"])) != _place(base_url)
        let_go = bool(before.get("manage_groups")) and given.get("manage_groups") is False
        for field, value in given.items():
            setattr(integration, field, value)
        if moved:
            _forget(integration)
        if moved or token:
            _set_token(integration, token)
            _stop(integration)
        integration.save()
        if moved or not integration.sync_passwords:
            passwords.destroy_all(integration)
        if let_go:  # what we managed is left as it is, and is nobody's of ours from now on
            RemoteGroup.objects.filter(integration=integration).update(managed=False)
        changes = changes_between(before, _snapshot(integration))
        if token:  # that it changed, never what it is
            changes.append({"field": "token", "from": "", "to": written(gettext_lazy("replaced"))})
        if changes:
            record_integration(EventType.IDM_INTEGRATION_UPDATE, integration, actor=actor, changes=changes)
            publish(Topic.INTEGRATION_CHANGED, integration.id)
    return integration


def activate_integration(integration: Integration, *, actor: Actor, plan: str | None = None) -> Integration:
    """Verified first, by reading only. Raises ActivationRefused; then nothing has changed but the event log. `plan` is the
    digest of the preview that was looked at: raises Outdated when it is another by now.
    """
    return activate_planned(integration, running.seen_plan(integration, plan).counts, actor=actor)


def activate_planned(
    integration: Integration,
    planned: dict[str, Any],
    *,
    actor: Actor,
    synchronization: Synchronization | None = None,
) -> Integration:
    """As activate_integration() once the plan is made; `synchronization` is the one that waited for it. Raises ActivationRefused."""
    verification = verify_activation(integration, actor=actor)
    with transaction.atomic():
        integration = _start(integration, verification)
        synchronizations.abandon(integration, but=synchronization)
        if synchronization is None:
            synchronizations.begin(integration, actor=actor, cause="activation", planned=planned)
        elif not synchronizations.go_on(synchronization, planned):
            raise ActivationRefused({"__all__": [_("It was cancelled.")]})
        record_integration(
            EventType.IDM_INTEGRATION_ACTIVATE,
            integration,
            actor=actor,
            message_chain=_chain(verification, gettext_lazy("Application successfully activated")),
        )
        publish(Topic.INTEGRATION_CHANGED, integration.id)
    return integration


def verify_activation(integration: Integration, *, actor: Actor) -> Verification:
    """By reading only. Raises ActivationRefused, which is on record by then."""
    return _verified(integration, integration.token, EventType.IDM_INTEGRATION_ACTIVATE, actor=actor)


def reauthorize_integration(integration: Integration, *, actor: Actor, token: str) -> Integration:
    """A new token for the same address, without a gap: the old one stays until the new one is verified.

    Raises ActivationRefused, IntegrationInvalid.
    """
    token = token.strip()
    _refuse_invalid(integration.application, {}, token)
    verification = _verified(integration, token, EventType.IDM_INTEGRATION_REAUTH, actor=actor)
    with transaction.atomic():
        integration = _start(integration, verification, token=token)
        record_integration(
            EventType.IDM_INTEGRATION_REAUTH,
            integration,
            actor=actor,
            message_chain=_chain(verification, gettext_lazy("Credentials successfully changed")),
        )
        publish(Topic.INTEGRATION_CHANGED, integration.id)
    return integration


def resume_integration(integration: Integration, *, actor: Actor) -> Integration:
    """Ends a pause, and a quarantine if the application answers. Raises ActivationRefused; then it goes on being probed."""
    if integration.state == IntegrationState.PAUSED:
        return running.end_pause(integration, actor=actor)
    if integration.state != IntegrationState.QUARANTINED:
        return integration
    verification = _verified(integration, integration.token, EventType.IDM_INTEGRATION_UPDATE, actor=actor)
    with transaction.atomic():
        integration = Integration.objects.select_for_update().get(pk=integration.pk)
        if integration.state == IntegrationState.QUARANTINED:
            integration = _start(integration, verification)
            integration.resumed_at = timezone.now()
            integration.save(update_fields=["resumed_at"])
            chain = _chain(verification, gettext_lazy("Resumed by hand"))
            record_integration(
                EventType.IDM_INTEGRATION_UPDATE,
                integration,
                actor=actor,
                details={"state": "active"},
                message_chain=chain,
            )
            tasks.ring_on_commit(integration.id)
    return integration


@transaction.atomic
def deactivate_integration(integration: Integration, *, actor: Actor) -> Integration:
    """Touches nothing in the application: people stay active there, and no further updates are made."""
    integration = Integration.objects.select_for_update().get(pk=integration.pk)
    if integration.state != IntegrationState.CONFIGURED:
        _stop(integration)
        integration.save()
        passwords.destroy_all(integration)
        record_integration(EventType.IDM_INTEGRATION_DELETE, integration, actor=actor)
        publish(Topic.INTEGRATION_CHANGED, integration.id)
    return integration


@transaction.atomic
def remove_integration(integration: Integration, *, actor: Actor) -> None:
    """Forgets address, token and what was told to whom; touches nothing in the application."""
    record_integration(EventType.IDM_INTEGRATION_DELETE, integration, actor=actor, details={"removed": True})
    integration.delete()


@transaction.atomic
def retry_job(job: Job, *, actor: Actor) -> Job:
    """Now instead of later; but not while the fate of a write is unknown, and not before the application's own Retry-After."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    settling = job.state == JobState.PENDING and job.read_back
    if job.state in {JobState.PARKED, JobState.PENDING} and not settling:
        job.state, job.next_at, job.attempts = JobState.PENDING, timezone.now(), 0
        job.save(update_fields=["state", "next_at", "attempts"])
    integration = Integration.objects.get(pk=job.integration_id)
    details = {"retry": str(job.id), "name": job.resource_name}
    record_integration(EventType.IDM_INTEGRATION_UPDATE, integration, actor=actor, details=details)
    tasks.ring_on_commit(integration.id)
    return job  # type: ignore[no-any-return]


# ---


def _new_integration(application: Application) -> Integration:
    integration = Integration(application=application)
    integration.take_tenant()  # the token is sealed to its tenant and row
    integration.width = integration.dialect.width
    integration.manage_groups = integration.dialect.groups_by_default
    return integration


def _refuse_invalid(application: Application, given: dict[str, Any], token: str) -> None:
    scim = application.connector.scim
    if scim is None:
        words = _("%(application)s has no Identity Management.") % {
            "application": application.connector.label
        }
        raise IntegrationInvalid({"__all__": [words]})
    errors: dict[str, list[str]] = {}
    if "base_url" in given and (words := _address_error(given["base_url"])):
        errors["base_url"] = [words]
    if token and not all(
        "!" <= sign <= "~" for sign in token
    ):  # RFC 9110 section 11.6.2: it goes into a header
        errors["token"] = [_("A token has no spaces and no signs beyond ASCII.")]
    if given.get("manage_groups") and not scim.supports_groups:
        errors["manage_groups"] = [_("This application does not support groups.")]
    if given.get("sync_passwords") and not scim.syncs_passwords:
        errors["sync_passwords"] = [_("This application does not take passwords from here.")]
    if given.get("deprovisioning", Deprovisioning.KEEP) not in Deprovisioning.values:
        errors["deprovisioning"] = [
            _("Choose one of: %(choices)s.") % {"choices": ", ".join(Deprovisioning.values)}
        ]
    elif given.get("deprovisioning") == Deprovisioning.DELETE and not scim.deletes_users:
        errors["deprovisioning"] = [_("This application can only deactivate accounts, not delete them.")]
    if not 0 <= given.get("delete_after_days", 0) <= MOST_DAYS:
        errors["delete_after_days"] = [_("Enter a number of days from 0 to %(most)s.") % {"most": MOST_DAYS}]
    if errors:
        raise IntegrationInvalid(errors)


def _address_error(base_url: str) -> str:
    if not base_url:
        return _("Enter the address of the application's SCIM service.")
    if any(sign in base_url for sign in "?#"):
        return _("The address ends with its path: leave out everything from ? or #.")
    if len(base_url) > LONGEST_BASE_URL:
        return _("The address is too long.")
    try:
        addresses.permit(base_url)
    except TargetRefused as error:
        return error.detail
    return ""


def _verified(integration: Integration, token: str, event_type: EventType, *, actor: Actor) -> Verification:
    """The failure is on record before it is raised: the event outlives it."""
    if not token:
        nothing = gettext_lazy("Enter the token.")
        record_integration(event_type, integration, actor=actor, success=False, error_message=nothing)
        raise ActivationRefused({"token": [str(nothing)]})
    dialect = capabilities.asked_anew(integration.dialect)
    verification, told = verify_with_capabilities(wire.Target(integration.base_url, token, dialect))
    integration.capabilities = told
    if verification.error is not None:
        record_integration(
            event_type,
            integration,
            actor=actor,
            success=False,
            error_message=verification.error.detail,
            message_chain=verification.error.message_chain(gettext_lazy("Verification failed")),
        )
        raise ActivationRefused(verification.fields)
    return verification


def _start(integration: Integration, verification: Verification, *, token: str = "") -> Integration:
    verified, told = integration.base_url, integration.capabilities
    integration = Integration.objects.select_for_update().get(pk=integration.pk)
    if integration.base_url != verified:
        raise ActivationRefused(
            {"base_url": [_("Somebody changed the address meanwhile. Please look again.")]}
        )
    if token:
        _set_token(integration, token)
    integration.state = IntegrationState.ACTIVE
    integration.last_verified_at = timezone.now()
    integration.last_verification = verification.line
    integration.capabilities = told
    integration.updates_by_put = told.get("patch") is False  # what was learnt by trying is tried again
    _forget_troubles(integration)
    integration.save()
    return integration


def _stop(integration: Integration) -> None:
    integration.state = IntegrationState.CONFIGURED
    integration.busy_token = integration.busy_until = None  # a slice under way notices and stops
    synchronizations.abandon(integration)
    _forget_troubles(integration)


def _forget_troubles(integration: Integration) -> None:
    integration.consecutive_auth_failures = integration.consecutive_failures = integration.probes = 0
    integration.not_before, integration.last_problem, integration.quarantine_reason = None, "", ""
    integration.relapses, integration.resumed_at = 0, None


def _forget(integration: Integration) -> None:
    """Another address is another place: an id of the old one could be somebody else's there."""
    RemoteUser.objects.filter(integration=integration).delete()
    RemoteGroup.objects.filter(integration=integration).delete()
    Job.objects.filter(integration=integration).update(expected=None)
    integration.updates_by_put, integration.capabilities = False, {}
    integration.last_verified_at, integration.last_verification = None, ""


def _set_token(integration: Integration, token: str) -> None:
    integration.token = token
    integration.token_hint = token[-4:] if len(token) >= SHORTEST_HINTED else ""


def _place(base_url: str) -> str:
    return base_url.strip().rstrip("/")


def _snapshot(integration: Integration) -> dict[str, Any]:
    return {field: getattr(integration, field) for field in EDITABLE}


def _chain(verification: Verification, message: Promise) -> dict[str, str | Promise]:
    status = verification.step.status if verification.step else None
    return {"response_code": str(status or ""), "response_message": message, "message_details": "OK"}
