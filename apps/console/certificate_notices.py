"""What pages say of certificates that end soon: the same thresholds as the mails (apps.saml.expiry)."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.applications.models import Application
from apps.lib import language
from apps.lib.deadlines import days_left
from apps.saml.expiry import SOON, URGENT
from apps.saml.models import KeyPair


@dataclass(frozen=True, slots=True)
class CertificateNotice:
    """`following` is the next pair, when one is published already; `kind` is a banner's."""

    application: Application
    kind: str
    text: str
    following: KeyPair | None


def certificate_notices() -> list[CertificateNotice]:
    """Of all applications that people can sign in to. Two queries."""
    active = KeyPair.objects.select_related("application").filter(
        state=KeyPair.State.ACTIVE, not_after__lt=timezone.now() + SOON, application__active=True
    )
    pairs = list(active.order_by("not_after"))
    return [_notice(pair, following) for pair, following in _with_following(pairs)]


def notices_of(active: KeyPair | None, following: KeyPair | None) -> list[CertificateNotice]:
    """Of one application, whose pairs these are."""
    soon = active is not None and active.not_after < timezone.now() + SOON
    return [_notice(active, following)] if active is not None and soon else []


def _with_following(pairs: list[KeyPair]) -> list[tuple[KeyPair, KeyPair | None]]:
    if not pairs:
        return []
    rows: Any = KeyPair.objects.filter(
        application__in=[pair.application_id for pair in pairs], state=KeyPair.State.NEXT
    )
    following = {row.application_id: row for row in rows}
    return [(pair, following.get(pair.application_id)) for pair in pairs]


def _notice(pair: KeyPair, following: KeyPair | None) -> CertificateNotice:
    now = timezone.now()
    left, days = pair.not_after - now, days_left(pair.not_after, now)
    day = language.day(timezone.localtime(pair.not_after), "j M Y, H:i")
    if left.total_seconds() <= 0:
        text = _(
            "The certificate expired on %(day)s: applications that look at the date refuse every sign-in."
        )
        text %= {"day": day}
    elif days <= 1:
        text = _("The certificate expires within 24 hours, on %(day)s.") % {"day": day}
    else:
        words = ngettext(
            "The certificate expires in %(days)s day, on %(day)s.",
            "The certificate expires in %(days)s days, on %(day)s.",
            days,
        )
        text = words % {"days": days, "day": day}
    text += " " + (
        _("A next one is published: promote it when the application knows it.")
        if following
        else _("Make a new one and give it to the application in time.")
    )
    return CertificateNotice(pair.application, "bad" if left <= URGENT else "warn", text, following)
