"""
Tokens of identity sources that end soon: told 30, 7 days and 24 hours before, and when they have ended, once each.

Only of the one that a source uses.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.notices import administrators_to_mail
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.deadlines import days_left, passed
from apps.lib.language import day
from apps.mail.enqueue import Message, post
from apps.scim.models import ScimToken
from apps.tenants.addresses import tenant_url
from apps.tenants.context import every_tenant

THRESHOLDS = (30, 7, 1)  # days before the end; 0 is the end itself
SOON = dt.timedelta(days=THRESHOLDS[0])
UNTOLD = Q(expiry_told=None) | Q(expiry_told__gt=0)


def tenants_to_warn() -> list[str]:
    """Across tenants, for beat alone."""
    rows = _ending(ScimToken.unscoped.filter(UNTOLD), timezone.now()).order_by()
    with every_tenant():
        return [str(row) for row in rows.values_list("tenant_id", flat=True).distinct()]


def warn(now: dt.datetime) -> int:
    """In the tenant in context; returns how many warnings were given."""
    told = 0
    tokens = _ending(ScimToken.objects.in_use().filter(UNTOLD), now).select_related("source", "tenant")
    for token in list(tokens):
        at = passed(token.expires_at, now, THRESHOLDS)
        if at is not None and (token.expiry_told is None or at < token.expiry_told):
            told += _tell(token, at, now)
    return told


def _ending(rows: Any, now: dt.datetime) -> Any:
    return rows.filter(revoked_at=None, expires_at__lte=now + SOON, last_used_at__isnull=False)


@transaction.atomic
def _tell(token: ScimToken, at: int, now: dt.datetime) -> bool:
    """False when somebody else was first."""
    untold = Q(expiry_told=None) | Q(expiry_told__gt=at)
    if not ScimToken.objects.filter(untold, pk=token.pk).update(expiry_told=at):
        return False
    ends = token.expires_at.astimezone(dt.UTC) if token.expires_at else now
    record(
        EventType.SCIM_TOKEN_EXPIRING if at else EventType.SCIM_TOKEN_EXPIRED,
        actor=Actor.system(),
        target=Target.of("token", token),
        success=at > 0,
        details={"expires_at": ends.isoformat(), "days_left": days_left(ends, now), "threshold_days": at},
    )
    post(lambda: _message(token, ends, at, now), administrators_to_mail())
    return True


def _message(token: ScimToken, ends: dt.datetime, at: int, now: dt.datetime) -> Message:
    return Message.of(
        "token_expiry",
        _subject(token, ends, at, now),
        source=token.source,
        tenant=token.tenant,
        ends=day(timezone.localtime(ends), "j F Y, H:i T"),
        expired=at == 0,
        url=tenant_url(token.tenant, "console:source", pk=token.source_id),
    )


def _subject(token: ScimToken, ends: dt.datetime, at: int, now: dt.datetime) -> str:
    if at == 0:
        return _("%(name)s: the SCIM token has expired") % {"name": token.source}
    days = days_left(ends, now)
    text = ngettext(
        "%(name)s: the SCIM token expires in %(days)s day",
        "%(name)s: the SCIM token expires in %(days)s days",
        days,
    )
    return text % {"name": token.source, "days": days}
