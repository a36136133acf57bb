"""What the overview puts first: whatever does not mend itself."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.console.certificate_notices import certificate_notices
from apps.console.metadata_notices import metadata_notices
from apps.console.source_notices import source_notices
from apps.provisioning.models import Integration, IntegrationState, Job, JobState, QuarantineReason
from apps.provisioning.queries import failing_counts


@dataclass(frozen=True, slots=True)
class Notice:
    kind: str  # of a banner: bad or warn
    title: str
    text: str
    url: str


def needs_attention() -> list[Notice]:
    """Nine queries at the most, whatever there is."""
    integrations = list(
        Integration.objects.select_related("application").exclude(state=IntegrationState.CONFIGURED)
    )
    failing, held = failing_counts(integrations), _held()
    notices = [
        notice for each in integrations for notice in _of(each, failing.get(each.pk, 0), held.get(each.pk, 0))
    ]
    return [*notices, *_sources(), *_certificates(), *_metadata()]


def _held() -> dict[Any, int]:
    rows = Job.objects.filter(state=JobState.HELD).order_by()
    return dict(rows.values_list("integration").annotate(Count("id")))


def _of(integration: Integration, failing: int, held: int) -> list[Notice]:
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
    if failing:
        text = ngettext("%(count)s account is failing now.", "%(count)s accounts are failing now.", failing)
        notices.append(Notice("bad", name, text % {"count": failing}, url))
    if held:
        text = ngettext(
            "%(count)s removal waits for your approval.", "%(count)s removals wait for your approval.", held
        )
        notices.append(Notice("warn", name, text % {"count": held}, url))
    return notices


def _quarantined(integration: Integration) -> str:
    if integration.quarantine_reason == QuarantineReason.FAILURES:
        return _("Identity management is paused, because most requests fail.")
    return _("Identity management is paused, because the token is refused.")


def _sources() -> list[Notice]:
    return [Notice(each.kind, f"{each.source}:", each.text, each.url) for each in source_notices()]


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
