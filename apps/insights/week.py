"""What an organisation's week was, and what waits for its administrators now. Reads only; everything in the tenant in context."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import ngettext_lazy

from apps.events.models import Event
from apps.events.types import EventType
from apps.insights.receipts import offboarded, receipts_of
from apps.lib.moments import in_utc
from apps.provisioning.models import Integration, IntegrationState, Job, JobState
from apps.saml.models import KeyPair
from apps.scim.models import PendingLink, ScimToken

T = EventType
RECEIPTS_AT_ONCE = 500  # a week may have any number of them
SOON = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence with how many, and the name of the console's page that tells more, with its query.

    `name` is for programs: a type of event, with whether it succeeded, or what waits.
    """

    name: str
    sentence: Any  # lazy: each reader has it in their language
    count: int
    page: str
    query: str = ""
    success: bool | None = None

    @property
    def text(self) -> str:
        return str(self.sentence % {"count": self.count})


# What the log counts, in the order of the mail: type, whether it succeeded, the sentence.
COUNTED = (
    (T.USER_CREATE, True, ngettext_lazy("%(count)s person joined.", "%(count)s people joined.", "count")),
    (T.USER_SUSPENDED, True, ngettext_lazy("%(count)s person was deactivated.", "%(count)s people were deactivated.", "count")),
    (T.USER_DELETE, True, ngettext_lazy("%(count)s person was deleted.", "%(count)s people were deleted.", "count")),
    (T.ADMIN_CREATE, True, ngettext_lazy("%(count)s administrator was added.", "%(count)s administrators were added.", "count")),
    (T.ADMIN_UPDATE, True, ngettext_lazy("%(count)s administrator got another role.", "%(count)s administrators got another role.", "count")),
    (T.ADMIN_DELETE, True, ngettext_lazy("%(count)s administrator was removed.", "%(count)s administrators were removed.", "count")),
    (T.USER_LOGIN_ATTEMPT, False, ngettext_lazy("%(count)s sign-in was refused.", "%(count)s sign-ins were refused.", "count")),
    (T.USER_LOCKOUT, True, ngettext_lazy("%(count)s account was locked.", "%(count)s accounts were locked.", "count")),
    (T.SSO_AUTH, True, ngettext_lazy("%(count)s sign-on to an application.", "%(count)s sign-ons to applications.", "count")),
    (T.SSO_AUTH, False, ngettext_lazy("%(count)s sign-on to an application was refused.", "%(count)s sign-ons to applications were refused.", "count")),
    (T.USER_CREATE_PROVISION, True, ngettext_lazy("%(count)s account was created in an application.", "%(count)s accounts were created in applications.", "count")),
    (T.USER_CREATE_PROVISION, False, ngettext_lazy("%(count)s creation of an account failed.", "%(count)s creations of accounts failed.", "count")),
    (T.USER_DEPROVISION, True, ngettext_lazy("%(count)s account was deactivated in an application.", "%(count)s accounts were deactivated in applications.", "count")),
    (T.USER_DEPROVISION, False, ngettext_lazy("%(count)s deactivation of an account failed.", "%(count)s deactivations of accounts failed.", "count")),
)  # fmt: skip


def what_happened(since: dt.datetime, until: dt.datetime) -> list[Line]:
    """One query, and nothing of what did not happen. Each line leads to this very week, whenever somebody follows it."""
    span = urlencode({"since": in_utc(since), "until": in_utc(until)})
    rows = Event.objects.filter(
        created_at__gte=since, created_at__lt=until, type__in={each for each, _success, _text in COUNTED}
    )
    counted = rows.order_by().values_list("type", "success").annotate(Count("pk"))
    counts = {(event_type, success): number for event_type, success, number in counted}
    return [
        Line(
            str(event_type),
            text,
            counts[event_type, success],
            "console:events",
            f"?type={event_type}&result={'success' if success else 'failure'}&{span}",
            success,
        )
        for event_type, success, text in COUNTED
        if counts.get((event_type, success))
    ]


def what_waits(since: dt.datetime) -> list[Line]:
    """Now; `since` bounds the receipts that are looked at."""
    return list(_waiting(since))


def _waiting(since: dt.datetime) -> Iterator[Line]:
    now = timezone.now()
    ends, expired = now + SOON, _certificates().filter(not_after__lte=now)
    ended = ScimToken.objects.in_use().filter(expires_at__lte=now)
    quarantined = Integration.objects.filter(state=IntegrationState.QUARANTINED)
    for name, number, text, page in (
        ("offboardings_outstanding", len(_not_gone(since)), OFFBOARDINGS, "console:receipts"),
        ("applications_quarantined", quarantined.count(), QUARANTINED, "console:overview"),
        ("accounts_failing", Job.objects.failing().count(), FAILING, "console:overview"),
        ("removals_held", Job.objects.filter(state=JobState.HELD).count(), HELD, "console:overview"),
        ("links_waiting", PendingLink.objects.filter(rejected_at=None).count(), LINKS, "console:sources"),
        ("certificates_expired", expired.count(), EXPIRED, "console:certificates"),
        ("certificates_ending", _certificates().filter(not_after__gt=now, not_after__lte=ends).count(), CERTIFICATES, "console:certificates"),
        ("tokens_expired", ended.count(), ENDED, "console:sources"),
        ("tokens_ending", ScimToken.objects.live().filter(expires_at__lte=ends).count(), TOKENS, "console:sources"),
    ):  # fmt: skip
        if number:
            yield Line(name, text, number, page)


def _not_gone(since: dt.datetime) -> set[str]:
    """Ids of those who left and are not gone. Whoever is deactivated and then deleted has two receipts, and is one person."""
    search, people, after = offboarded(since=since), set(), None
    while True:
        found = search.page(RECEIPTS_AT_ONCE, after)
        people |= {each.event.target_id for each in receipts_of(found.rows) if each.outstanding}
        after = found.next
        if after is None:
            return people


def _certificates() -> Any:
    return KeyPair.objects.filter(
        state__in=(KeyPair.State.ACTIVE, KeyPair.State.NEXT), application__active=True
    )


OFFBOARDINGS = ngettext_lazy(
    "%(count)s person who left is not gone from every application yet.",
    "%(count)s people who left are not gone from every application yet.",
    "count",
)
QUARANTINED = ngettext_lazy(
    "%(count)s application is left alone because it is not well.",
    "%(count)s applications are left alone because they are not well.",
    "count",
)
FAILING = ngettext_lazy("%(count)s account is failing now.", "%(count)s accounts are failing now.", "count")
HELD = ngettext_lazy(
    "%(count)s removal waits for your approval.", "%(count)s removals wait for your approval.", "count"
)
LINKS = ngettext_lazy(
    "%(count)s person waits to be linked to an identity source.",
    "%(count)s people wait to be linked to an identity source.",
    "count",
)
EXPIRED = ngettext_lazy("%(count)s certificate has expired.", "%(count)s certificates have expired.", "count")
CERTIFICATES = ngettext_lazy(
    "%(count)s certificate ends within 30 days.", "%(count)s certificates end within 30 days.", "count"
)
ENDED = ngettext_lazy(
    "The token of %(count)s identity source has expired: its requests are refused.",
    "The tokens of %(count)s identity sources have expired: their requests are refused.",
    "count",
)
TOKENS = ngettext_lazy(
    "%(count)s token of an identity source ends within 30 days.",
    "%(count)s tokens of identity sources end within 30 days.",
    "count",
)
