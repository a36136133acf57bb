"""
Certificates that end soon: told 60, 30 and 7 days and 24 hours before, and when they have ended, once each.

A threshold that was passed while nobody looked is not made up for: the nearest one is told. Which one it was stands in the row, set
by one conditional UPDATE, so of two workers one tells.
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
from apps.saml.models import KeyPair
from apps.tenants.addresses import tenant_url
from apps.tenants.context import every_tenant

THRESHOLDS = (60, 30, 7, 1)  # days before the end; 0 is the end itself
SOON = dt.timedelta(days=THRESHOLDS[0])
URGENT = dt.timedelta(days=7)
State = KeyPair.State


def _ending(rows: Any, now: dt.datetime) -> Any:
    """Those that sign or are to sign, where anybody can sign in."""
    return rows.filter(
        state__in=(State.ACTIVE, State.NEXT), not_after__lte=now + SOON, application__active=True
    )


def tenants_to_warn() -> list[str]:
    """Across tenants, for beat alone."""
    untold = Q(expiry_told=None) | Q(expiry_told__gt=0)
    rows = _ending(KeyPair.unscoped.filter(untold), timezone.now()).order_by()
    with every_tenant():
        return [str(row) for row in rows.values_list("tenant_id", flat=True).distinct()]


def warn(now: dt.datetime) -> int:
    """In the tenant in context; returns how many warnings were given."""
    told = 0
    for pair in list(_ending(KeyPair.objects.select_related("application", "tenant"), now)):
        at = passed(pair.not_after, now, THRESHOLDS)
        if at is not None and (pair.expiry_told is None or at < pair.expiry_told):
            told += _tell(pair, at, now)
    return told


@transaction.atomic
def _tell(pair: KeyPair, at: int, now: dt.datetime) -> bool:
    """False when somebody else was first."""
    untold = Q(expiry_told=None) | Q(expiry_told__gt=at)
    if not KeyPair.objects.filter(untold, pk=pair.pk).update(expiry_told=at):
        return False
    application = Target.of("application", pair.application)
    record(
        EventType.CERTIFICATE_EXPIRING if at else EventType.CERTIFICATE_EXPIRED,
        actor=Actor.system(),
        target=Target("certificate", str(pair.pk), pair.fingerprint_sha256),
        application=application,
        success=at > 0,
        error_message=""
        if at
        else _("The certificate has ended. Applications that look at it refuse sign-ins."),
        details={
            "state": pair.state,
            "not_after": pair.not_after.astimezone(dt.UTC).isoformat(),
            "days_left": days_left(pair.not_after, now),
            "threshold_days": at,
        },
    )
    post(lambda: _message(pair, at, now), administrators_to_mail(), application=application)
    return True


def _message(pair: KeyPair, at: int, now: dt.datetime) -> Message:
    return Message.of(
        "certificate_expiry",
        _subject(pair, at, now),
        application=pair.application,
        tenant=pair.tenant,
        pair=pair,
        ends=day(timezone.localtime(pair.not_after), "j F Y, H:i T"),
        expired=at == 0,
        following=_following(pair),
        url=tenant_url(pair.tenant, "console:application_sso", pk=pair.application_id),
    )


def _following(pair: KeyPair) -> bool:
    """Whether another one is published already."""
    others = KeyPair.objects.filter(application=pair.application, state=State.NEXT).exclude(pk=pair.pk)
    return bool(others.exists())


def _subject(pair: KeyPair, at: int, now: dt.datetime) -> str:
    name = pair.application
    if at == 0:
        return _("%(name)s: the certificate for sign-ins has expired") % {"name": name}
    if at == 1:
        return _("%(name)s: the certificate for sign-ins expires within 24 hours") % {"name": name}
    days = days_left(pair.not_after, now)
    text = ngettext(
        "%(name)s: the certificate for sign-ins expires in %(days)s day",
        "%(name)s: the certificate for sign-ins expires in %(days)s days",
        days,
    )
    return text % {"name": name, "days": days}
