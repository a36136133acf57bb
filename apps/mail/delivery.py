"""
Letters → the mail server. Each is claimed by a lease, sent while no transaction is open, and deleted with its event.

A letter goes out once, as far as SMTP lets anybody say so: only a worker that dies between the server's yes and our commit sends it again,
under the same Message-ID, so that mail programs can tell.
"""

import datetime as dt
import uuid
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.mail.models import Letter
from apps.tenants.context import every_tenant

LEASE = dt.timedelta(minutes=5)  # longer than EMAIL_TIMEOUT lets an attempt last
LONGEST_WAIT = dt.timedelta(hours=1)
GIVE_UP = dt.timedelta(days=3)
BATCH = 100

log = structlog.get_logger(__name__)


def tenants_with_due_letters() -> list[str]:
    """Across tenants, for the sweeper alone."""
    due = Letter.unscoped.filter(next_at__lte=timezone.now()).order_by()
    with every_tenant():
        return [str(row) for row in due.values_list("tenant_id", flat=True).distinct()]


def deliver() -> int:
    """Sends what is due in the tenant in context, and returns how many were tried."""
    due = list(Letter.objects.filter(next_at__lte=timezone.now())[:BATCH])
    return sum(_deliver(letter) for letter in due)


def _deliver(letter: Letter) -> bool:
    """False when another worker has it in hand."""
    lease, now = uuid.uuid4(), timezone.now()
    claimed = Letter.objects.filter(pk=letter.pk, next_at__lte=now).update(
        next_at=now + LEASE, lease=lease, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    letter.attempts += 1
    try:
        _send(letter)
    except OSError as error:  # also what smtplib raises
        _settle_failure(letter, lease, error, permanent=_refused_for_good(error))
    except ValueError as error:  # an address or a header that no mail can have
        _settle_failure(letter, lease, error, permanent=True)
    else:
        _settle_success(letter)
    return True


def _send(letter: Letter) -> None:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = {
        "Message-ID": f"<{letter.pk}@{host}>",
        "Auto-Submitted": "auto-generated",
    }  # RFC 3834 section 5
    mail = EmailMultiAlternatives(letter.subject, letter.text, to=[letter.address], headers=headers)
    if html := letter.html:
        mail.attach_alternative(html, "text/html")
    mail.send()


def _refused_for_good(error: OSError) -> bool:
    """The server knows no such recipient (RFC 5321 section 4.2.1: 5yz). Whatever else it refuses may be our operator's to mend."""
    codes = [code for code, _text in _refusals(error)]
    return bool(codes) and all(500 <= code < 600 for code in codes)


def _refusals(error: Exception) -> list[tuple[int, bytes]]:
    """What the server said about each recipient, where smtplib tells (SMTPRecipientsRefused)."""
    return list((getattr(error, "recipients", None) or {}).values())


@transaction.atomic
def _settle_success(letter: Letter) -> None:
    """Whoever holds the lease by now: it is sent."""
    Letter.objects.filter(pk=letter.pk).delete()
    _record(letter)


@transaction.atomic
def _settle_failure(letter: Letter, lease: uuid.UUID, error: Exception, *, permanent: bool) -> None:
    now = timezone.now()
    own = Letter.objects.filter(pk=letter.pk, lease=lease)
    over = permanent or now - letter.created_at > GIVE_UP
    log.warning("mail_failed", letter_id=str(letter.pk), error=type(error).__name__, over=over)
    if over:
        own.delete()
    else:
        wait = min(dt.timedelta(minutes=2 ** min(letter.attempts - 1, 6)), LONGEST_WAIT)
        own.update(next_at=now + wait, lease=None)
    if over or letter.attempts == 1:  # the first tells that it is late, the last that it never came
        _record(letter, error=_words(error), over=over)


def _words(error: Exception) -> str:
    if refusals := _refusals(error):
        return "; ".join(f"{code} {text.decode('utf-8', 'replace')}" for code, text in refusals)[:500]
    return (str(error) or type(error).__name__)[:500]


def _record(letter: Letter, *, error: str = "", over: bool = False) -> None:
    application = Target("application", letter.application_id, letter.application_name)
    record(
        EventType.MAIL_SEND,
        actor=Actor.system(),
        target=Target("user", letter.recipient_id, letter.recipient_name),
        application=application if letter.application_id else None,
        success=not error,
        error_message=error,
        details={"subject": letter.subject, "address": letter.address}
        | ({"tried_again": not over} if error else {}),
    )
