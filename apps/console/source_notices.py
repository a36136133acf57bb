"""What needs an administrator at an identity source: who waits to be linked, a token that ends, requests that fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.console.source_page import sources_for_pages
from apps.lib import language
from apps.scim.errors import EmailExists, GroupExists, GroupNotYours, NotYours
from apps.scim.models import ReceivedRequest, ScimToken, Source

SOON = timedelta(days=14)
LATELY = timedelta(hours=24)
# Said as who waits to be linked.
ASKED = [each.default_detail for each in (EmailExists, NotYours, GroupExists, GroupNotYours)]
EXPECTED = (404, 412)  # identity providers look for what may not be there, and hold versions that are gone


@dataclass(frozen=True, slots=True)
class SourceNotice:
    """`kind` is a banner's."""

    kind: str
    source: Source
    text: str
    url: str


def source_notices() -> list[SourceNotice]:
    """Two queries."""
    refused = ReceivedRequest.objects.filter(
        source=OuterRef("pk"), created_at__gt=timezone.now() - LATELY, status__gte=400
    ).exclude(Q(status__in=EXPECTED) | Q(detail__in=ASKED))
    counted = refused.order_by().values("source").annotate(number=Count("pk")).values("number")
    sources = list(sources_for_pages().annotate(refused=Coalesce(Subquery(counted), 0)))
    # A successor that nobody pasted yet does not help.
    in_use = dict(ScimToken.objects.in_use().values_list("source_id", "expires_at")) if sources else {}
    return [notice for source in sources for notice in _of(source, in_use.get(source.pk))]


def _of(source: Any, token_ends: datetime | None) -> Iterator[SourceNotice]:
    """Of a row of sources_for_pages."""
    keys = [source.pk]
    if text := _of_token(token_ends):
        kind = "warn" if source.live_tokens else "bad"
        yield SourceNotice(kind, source, text, reverse("console:source", args=keys))
    if source.waiting:
        text = ngettext(
            "%(count)s person waits to be linked: “Email exists”.",
            "%(count)s people wait to be linked: “Email exists”.",
            source.waiting,
        )
        url = reverse("console:source_people", args=keys)
        yield SourceNotice("warn", source, text % {"count": source.waiting}, url)
    if source.waiting_groups:
        text = ngettext(
            "%(count)s group waits to be linked.",
            "%(count)s groups wait to be linked.",
            source.waiting_groups,
        )
        url = reverse("console:source_groups", args=keys)
        yield SourceNotice("warn", source, text % {"count": source.waiting_groups}, url)
    if source.refused:
        text = ngettext(
            "%(count)s request was refused in the last 24 hours.",
            "%(count)s requests were refused in the last 24 hours.",
            source.refused,
        )
        url = reverse("console:source_requests", args=keys) + "?result=refused"
        yield SourceNotice("warn", source, text % {"count": source.refused}, url)


def _of_token(ends: datetime | None) -> str:
    if ends is None or ends > timezone.now() + SOON:
        return ""
    day = {"day": language.day(timezone.localtime(ends), "j M Y, H:i")}
    if ends <= timezone.now():
        return _("The token it used ended on %(day)s: its requests are refused until it has a new one.") % day
    return _("The token it uses ends on %(day)s. Generate its successor and paste it in time.") % day
