"""Authenticator apps (TOTP, RFC 6238: 6 digits, 30 seconds, SHA-1, which is what all of them take) and recovery codes."""

import secrets
from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest

import pyotp
import segno
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import Authenticator, Passkey, RecoveryCode
from apps.accounts.notices import recipient
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.mail.enqueue import Message, post

SECONDS = 30
DRIFT = 1  # steps either way that clocks may differ (section 5.2)
CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
CODE_LENGTH = 12  # 59 bits


@transaction.atomic
def begin_authenticator(user: User) -> Authenticator:
    """The one that waits for its first code. The same one on every call until then: a page may be loaded again."""
    User.objects.select_for_update().get(pk=user.pk)
    waiting: Authenticator | None = Authenticator.objects.filter(user=user).first()
    if waiting is None:
        waiting = Authenticator(user=user)
        waiting.take_tenant()
        waiting.secret = pyotp.random_base32()
        waiting.save(force_insert=True)
    return waiting


@sensitive_variables("code")
@transaction.atomic
def confirm_authenticator(user: User, code: str, *, actor: Actor) -> list[str] | None:
    """The new recovery codes, shown once; None when the code is wrong."""
    authenticator = Authenticator.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    if authenticator is None or not _takes(authenticator, code):
        return None
    Authenticator.objects.filter(pk=authenticator.pk).update(confirmed_at=timezone.now())
    record(EventType.USER_MFA_CREATE, actor=actor, target=Target.of("user", user))
    tell(
        user,
        lambda: _(
            "An authenticator app was set up for your account: signing in now asks for a code from it."
        ),
    )
    return new_recovery_codes(user, actor=actor)


def method_of(code: str) -> str:
    """What the log calls a password with such a code."""
    return "password+recovery_code" if len(code) == CODE_LENGTH else "password+totp"


@sensitive_variables("code")
def code_is_right(user: User, code: str, *, actor: Actor) -> bool:
    """Of the app, each code once; or a recovery code, which is used up."""
    if len(code) == CODE_LENGTH:
        return _use_recovery_code(user, code, actor=actor)
    authenticator = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).first()
    return authenticator is not None and _takes(authenticator, code)


@transaction.atomic
def remove_authenticator(user: User, *, actor: Actor) -> bool:
    """The app; the recovery codes as well unless a passkey still needs them. False when there was none."""
    removed, _rows = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).delete()
    if removed:
        if not Passkey.objects.filter(user=user).exists():
            RecoveryCode.objects.filter(user=user).delete()
        record(EventType.USER_MFA_DELETE, actor=actor, target=Target.of("user", user))
        tell(user, lambda: _("The authenticator app of your account was removed."))
    return bool(removed)


@transaction.atomic
def remove_second_factors(user: User, *, actor: Actor) -> bool:
    """App, passkeys and recovery codes, by an administrator for whoever lost them. False when there was none."""
    removed = sum(
        rows.delete()[0]
        for rows in (
            Authenticator.objects.filter(user=user, confirmed_at__isnull=False),
            Passkey.objects.filter(user=user),
        )
    )
    Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if removed:
        record(
            EventType.USER_MFA_DELETE, actor=actor, target=Target.of("user", user), details={"reset": True}
        )
        tell(
            user,
            lambda: _(
                "The authenticator app, the passkeys and the recovery codes of your account were removed."
            ),
        )
    return bool(removed)


@transaction.atomic
def new_recovery_codes(user: User, *, actor: Actor) -> list[str]:
    """Ten, in place of all earlier ones. Only their hashes are kept."""
    codes = ["".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(user, code)) for code in codes])
    record(EventType.RECOVERY_CODES_CREATE, actor=actor, target=Target.of("user", user))
    return ["-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4)) for code in codes]


def address_of(authenticator: Authenticator) -> str:
    """What the QR code says: otpauth://totp/…"""
    user = authenticator.user
    return pyotp.TOTP(authenticator.secret).provisioning_uri(name=user.username, issuer_name=user.tenant.name)


def qr_code(address: str) -> str:
    """As a data: address of an SVG picture, dark on light in both themes, which is what cameras read."""
    return segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="white")


def tell(user: User, sentence: Callable[[], str]) -> None:
    """By mail, so that whoever did not do it hears of it. Inside a transaction."""

    def write() -> Message:
        words = {"tenant": user.tenant, "person": user, "sentence": sentence()}
        return Message.of("account_changed", _("Your sign-in has changed"), **words)

    post(write, [recipient(user)])


def _takes(authenticator: Authenticator, code: str) -> bool:
    """Whether it is the code of about now and of a later step than the last one taken, which it then is itself."""
    step = _step_of(authenticator.secret, code, timezone.now())
    newer = Authenticator.objects.filter(pk=authenticator.pk, last_step__lt=step)
    return step > 0 and bool(newer.update(last_step=step))


def _step_of(secret: str, code: str, now: datetime) -> int:
    """0 when it is none of the codes around `now`. All are compared, so that time tells nothing."""
    totp, current, found = pyotp.TOTP(secret), int(now.timestamp()) // SECONDS, 0
    for step in range(current - DRIFT, current + DRIFT + 1):
        if compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


@transaction.atomic
def _use_recovery_code(user: User, code: str, *, actor: Actor) -> bool:
    used, _rows = RecoveryCode.objects.filter(user=user, digest=_digest(user, code)).delete()
    if used:
        left = RecoveryCode.objects.filter(user=user).count()
        record(
            EventType.RECOVERY_CODE_USE, actor=actor, target=Target.of("user", user), details={"left": left}
        )
        tell(
            user,
            lambda: (
                _("A recovery code was used to sign in to your account. %(left)s are left.") % {"left": left}
            ),
        )
    return bool(used)


def _digest(user: User, code: str) -> str:
    return salted_hmac("gatehouse.recovery-code", f"{user.pk}:{code}", algorithm="sha256").hexdigest()
