"""What pages say of metadata that is refreshed: what waits, what fails, what ends."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.lib import language
from apps.saml.models import MetadataSource
from apps.saml.pending_changes import PendingChange, pending_change

FAILURES_TO_TELL = 3  # on the overview; a first one mends itself more often than not


@dataclass(frozen=True, slots=True)
class MetadataNotice:
    application: Application
    kind: str  # a banner's
    text: str


@dataclass(frozen=True, slots=True)
class MetadataStatus:
    """What the SSO tab shows beside the fields; `change` is what waits for a decision."""

    source: MetadataSource
    change: PendingChange | None
    notices: list[MetadataNotice]


def metadata_status(application: Application) -> MetadataStatus | None:
    """None: the fields were entered by hand."""
    rows = MetadataSource.objects.select_related("application__sso")
    source = rows.filter(application=application).first()
    if source is None:
        return None
    change = pending_change(source.application.sso, source)
    return MetadataStatus(source, change, _notices(source, None, tolerated=0))  # the change has its own card


def metadata_notices() -> list[MetadataNotice]:
    """For the overview: of applications that people can sign in to. One query."""
    worth = (
        Q(pending_since__isnull=False) | Q(warn_from__lte=timezone.now()) | Q(failures__gte=FAILURES_TO_TELL)
    )
    sources = MetadataSource.objects.select_related("application__sso").filter(
        worth, application__active=True
    )
    found = []
    for source in sources.exclude(url=""):
        change = pending_change(source.application.sso, source)
        found += _notices(source, change, tolerated=FAILURES_TO_TELL - 1)
    return found


def _notices(source: MetadataSource, change: PendingChange | None, *, tolerated: int) -> list[MetadataNotice]:
    texts = [_end(source, timezone.now())] if source.url else []
    if change is not None:
        texts.append(("warn", _("A change of its metadata waits for your decision.")))
    if source.failures > tolerated and source.failed_at is not None:
        sentence = _("Its metadata could not be refreshed on %(day)s: %(error)s People go on signing in.")
        texts.append(("warn", sentence % {"day": _moment(source.failed_at), "error": source.error}))
    return [MetadataNotice(source.application, kind, text) for kind, text in texts if text]


def _end(source: MetadataSource, now: dt.datetime) -> tuple[str, str]:
    until, warn_from = source.valid_until, source.warn_from
    if until is None or warn_from is None or now < warn_from:
        return "", ""
    if until <= now:
        sentence = _(
            "Its metadata expired on %(day)s: nobody can sign in until it is refreshed, uploaded anew, or no longer tied to its address."
        )
        return "bad", sentence % {"day": _moment(until)}
    sentence = _("Its metadata ends on %(day)s. Nobody can sign in after that, unless it is renewed before.")
    return "warn", sentence % {"day": _moment(until)}


def _moment(moment: dt.datetime) -> str:
    return language.day(timezone.localtime(moment), "j M Y, H:i")
