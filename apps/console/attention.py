"""What the overview puts first: whatever does not mend itself."""

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.console.certificate_notices import certificate_notices
from apps.console.counting import counted
from apps.console.metadata_notices import metadata_notices
from apps.console.source_notices import source_notices
from apps.provisioning.models import (
    Import,
    ImportState,
    Integration,
    IntegrationState,
    Job,
    JobState,
    QuarantineReason,
)
from apps.webhooks.models import PauseReason, Webhook, WebhookState


@dataclass(frozen=True, slots=True)
class Notice:
    kind: str  # of a banner: bad or warn
    title: str
    text: str
    url: str


def needs_attention() -> list[Notice]:
    """Six queries, whatever there is."""
    imports = Import.objects.filter(integration=OuterRef("pk")).order_by("-created_at", "-id")
    integrations = (
        Integration.objects.select_related("application")
        .exclude(state=IntegrationState.CONFIGURED)
        .annotate(
            failing=counted(Job.objects.failing().filter(integration=OuterRef("pk"))),
            held=counted(Job.objects.filter(state=JobState.HELD, integration=OuterRef("pk"))),
            last_import=Subquery(imports.values("state")[:1]),
        )
    )
    notices = [notice for each in integrations for notice in _of(each)]
    return [*notices, *_sources(), *_webhooks(), *_certificates(), *_metadata()]


def _of(integration: Any) -> list[Notice]:
    url = reverse("console:application_identity", args=[integration.application_id])
    name, notices = f"{integration.application}:", []
    if integration.state == IntegrationState.QUARANTINED:
        notices.append(Notice("bad", name, _quarantined(integration), url))
    if integration.state == IntegrationState.PAUSED:
        notices.append(
            Notice(
                "warn", name, _("Identity management is paused by an administrator: nothing is sent."), url
            )
        )
    if count := integration.failing:
        text = ngettext("%(count)s account is failing now.", "%(count)s accounts are failing now.", count)
        notices.append(Notice("bad", name, text % {"count": count}, url))
    if count := integration.held:
        text = ngettext(
            "%(count)s removal waits for your approval.", "%(count)s removals wait for your approval.", count
        )
        notices.append(Notice("warn", name, text % {"count": count}, url))
    if integration.last_import == ImportState.FAILED:
        imports = reverse("console:application_imports", args=[integration.application_id])
        notices.append(Notice("warn", name, _("The import of its accounts could not go on."), imports))
    return notices


def _quarantined(integration: Integration) -> str:
    if integration.quarantine_reason == QuarantineReason.FAILURES:
        return _("Identity management is paused, because most requests fail.")
    return _("Identity management is paused, because the token is refused.")


def _sources() -> list[Notice]:
    return [Notice(each.kind, f"{each.source}:", each.text, each.url) for each in source_notices()]


def _webhooks() -> list[Notice]:
    gone = Q(state=WebhookState.PAUSED, pause_reason=PauseReason.GONE)
    return [
        Notice(
            "bad",
            f"{webhook}:",
            _("The webhook is paused, because its endpoint is gone.")
            if webhook.state == WebhookState.PAUSED
            else _("The webhook is quarantined: its endpoint takes nothing."),
            reverse("console:webhook", args=[webhook.pk]),
        )
        for webhook in Webhook.objects.filter(gone | Q(state=WebhookState.QUARANTINED))
    ]


def _metadata() -> list[Notice]:
    return [
        Notice(
            each.kind,
            f"{each.application}:",
            each.text,
            reverse("console:application_sso", args=[each.application.pk]),
        )
        for each in metadata_notices()
    ]


def _certificates() -> list[Notice]:
    return [
        Notice(
            each.kind,
            f"{each.application}:",
            each.text,
            reverse("console:application_sso", args=[each.application.pk]),
        )
        for each in certificate_notices()
    ]
