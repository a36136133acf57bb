"""What an administrator does with metadata that is refreshed: fetch it now, decide about what waits, no longer refresh it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.language import for_the_record
from apps.saml import metadata_sources
from apps.saml.actions.settings import sso_of
from apps.saml.errors import MetadataChangeGone, MetadataRefused
from apps.saml.metadata_refresh import Outcome, fetched, take_in
from apps.saml.models import MetadataSource, SsoSettings
from apps.saml.pending_changes import PendingChange, decided, pending_change
from apps.saml.recording import locked, save
from apps.saml.validation import checked


def refresh_now(application: Application, *, actor: Actor) -> Outcome:
    """One guarded GET. A failure is an outcome, remembered as one of the schedule's. Raises MetadataRefused without an address."""
    source = metadata_sources.source_of(application)
    if source is None or not source.url:
        raise MetadataRefused(_("There is no address to refresh from: enter it first."), field="url")
    ((source, answer),) = fetched([source])
    with for_the_record():  # why it failed stays on the page for everybody
        return take_in(source, answer, actor=actor)


@transaction.atomic
def accept_change(application: Application, digest: str, *, actor: Actor) -> SsoSettings:
    """Takes over exactly what `digest` stands for. Raises MetadataChangeGone, SsoInvalid."""
    settings, source, change = _shown(application, digest)
    save(
        settings,
        checked(settings, change.fields),
        actor=actor,
        details={"metadata": source.pending["seen"]["entity_id"], "url": source.url},
        event_type=EventType.METADATA_CHANGE_ACCEPT,
    )
    decided(settings, source, change.rows, now=timezone.now())
    return settings


@transaction.atomic
def reject_change(application: Application, digest: str, *, actor: Actor) -> SsoSettings:
    """Everything stays; the same change is not proposed again. Raises MetadataChangeGone."""
    settings, source, change = _shown(application, digest)
    target = Target.of("application", application)
    record(
        EventType.METADATA_CHANGE_REJECT,
        actor=actor,
        target=target,
        application=target,
        details={"url": source.url, "fields": sorted(change.fields)},
    )
    decided(settings, source, [], now=timezone.now())
    return settings


def _shown(application: Application, digest: str) -> tuple[SsoSettings, MetadataSource, PendingChange]:
    settings = locked(sso_of(application))
    source = metadata_sources.locked_source(application)
    change = pending_change(settings, source)
    if source is None or change is None or change.digest != digest:
        raise MetadataChangeGone
    return settings, source, change


@transaction.atomic
def forget_source(application: Application, *, actor: Actor) -> None:
    """The settings stay as they are and are no longer refreshed, nor do they end with the file."""
    settings = locked(sso_of(application))
    source = metadata_sources.locked_source(application)
    if source is None:
        return
    details = {"metadata": source.entity_id, "url": source.url, "forgotten": True}
    settings.metadata_expires_at = None
    save(settings, {}, actor=actor, details=details)
    source.delete()
