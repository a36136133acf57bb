"""
Passkeys (WebAuthn level 2): a key pair on the person's device, which shows who they are and that it is them in one step.

The device asks for a finger, a face or a PIN itself (user verification), so a passkey is two factors. What it signs names the origin it
was asked by: a page elsewhere that looks like ours gets nothing that is good here.
"""

import datetime as dt
import json
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from apps.accounts.authenticators import new_recovery_codes, tell
from apps.accounts.models import Passkey
from apps.accounts.second_factors import recovery_codes_left
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType

CHALLENGE = "passkey_challenge"  # session: {"challenge", "purpose", "at"} of the question that is open
LIFETIME = dt.timedelta(minutes=5)
REGISTRATION, SIGN_IN = "registration", "sign-in"
LONGEST = 20_000  # characters of an answer


class PasskeyRefused(Exception):
    """What the browser answered is not good: it says which way on the page, and no more."""


def possible_at(request: HttpRequest) -> bool:
    """Browsers make passkeys for names, not for numbers such as 127.0.0.1."""
    try:
        ip_address(_host(request).strip("[]"))
    except ValueError:
        return True
    return False


def registration_options(request: HttpRequest, user: User) -> str:
    """JSON for the browser. The question is open for five minutes and answered once."""
    options = webauthn.generate_registration_options(
        rp_id=_host(request),
        rp_name=f"Gatehouse ({user.tenant.name})",
        user_id=user.pk.bytes,
        user_name=user.username,
        user_display_name=str(user),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(one))
            for one in Passkey.objects.filter(user=user).values_list("credential_id", flat=True)
        ],
    )
    _ask(request, options.challenge, REGISTRATION)
    return webauthn.options_to_json(options)


def sign_in_options(request: HttpRequest) -> str:
    """JSON for the browser, which finds the person's passkey by itself: no name is asked, so none is given away."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(request), user_verification=UserVerificationRequirement.REQUIRED
    )
    _ask(request, options.challenge, SIGN_IN)
    return webauthn.options_to_json(options)


def add_passkey(request: HttpRequest, user: User, answer: str, *, name: str, actor: Actor) -> list[str]:
    """Recovery codes to show once, for whoever had none; else none. Raises PasskeyRefused."""
    challenge = _asked(request, REGISTRATION)
    try:
        made = webauthn.verify_registration_response(
            credential=_credential(answer),
            expected_challenge=challenge,
            expected_rp_id=_host(request),
            expected_origin=_origin(request),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, OverflowError) as error:
        raise PasskeyRefused(type(error).__name__) from error
    passkey = Passkey(user=user, name=name, credential_id=bytes_to_base64url(made.credential_id))
    passkey.public_key, passkey.sign_count = made.credential_public_key, made.sign_count
    return _save(passkey, actor=actor)


@transaction.atomic
def _save(passkey: Passkey, *, actor: Actor) -> list[str]:
    try:
        with transaction.atomic():
            passkey.save(force_insert=True)
    except IntegrityError as error:
        raise PasskeyRefused("known") from error
    target, details = Target.of("user", passkey.user), {"name": passkey.name}
    record(EventType.PASSKEY_CREATE, actor=actor, target=target, details=details)
    tell(
        passkey.user, lambda: _("The passkey “%(name)s” was added to your account.") % {"name": passkey.name}
    )
    return [] if recovery_codes_left(passkey.user) else new_recovery_codes(passkey.user, actor=actor)


def person_by_passkey(request: HttpRequest, answer: str) -> User:
    """Whose passkey answered the open question. Raises PasskeyRefused."""
    challenge = _asked(request, SIGN_IN)
    try:
        credential = _credential(answer)
        passkey: Passkey = Passkey.objects.select_related("user").get(credential_id=credential["id"])
        shown = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(request),
            expected_origin=_origin(request),
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
        handle = credential["response"].get("userHandle")
        same = not handle or webauthn.base64url_to_bytes(handle) == passkey.user.pk.bytes
    except (WebAuthnException, Passkey.DoesNotExist, ValueError, KeyError, TypeError, OverflowError) as error:
        raise PasskeyRefused(type(error).__name__) from error
    # A counter that was taken meanwhile is a copy of the key at work, or the same answer twice.
    counted = Passkey.objects.filter(pk=passkey.pk, sign_count=passkey.sign_count)
    fresh = counted.update(sign_count=shown.new_sign_count, last_used_at=timezone.now())
    if not same or not fresh or not passkey.user.active:
        raise PasskeyRefused("not theirs")
    user: User = passkey.user
    return user


@transaction.atomic
def remove_passkey(passkey: Passkey, *, actor: Actor) -> None:
    passkey.delete()
    target, details = Target.of("user", passkey.user), {"name": passkey.name}
    record(EventType.PASSKEY_DELETE, actor=actor, target=target, details=details)
    tell(
        passkey.user,
        lambda: _("The passkey “%(name)s” was removed from your account.") % {"name": passkey.name},
    )


def _ask(request: HttpRequest, challenge: bytes, purpose: str) -> None:
    at = timezone.now().timestamp()
    request.session[CHALLENGE] = {"challenge": challenge.hex(), "purpose": purpose, "at": at}


def _asked(request: HttpRequest, purpose: str) -> bytes:
    """The open question, which is closed by this. Raises PasskeyRefused when there is none, or another."""
    asked = request.session.pop(CHALLENGE, None)
    if not asked or asked["purpose"] != purpose:
        raise PasskeyRefused("not asked")
    if abs(timezone.now().timestamp() - asked["at"]) > LIFETIME.total_seconds():
        raise PasskeyRefused("too late")
    return bytes.fromhex(asked["challenge"])


def _credential(answer: str) -> dict[str, Any]:
    try:
        credential = json.loads(answer[:LONGEST])
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if (
        not isinstance(credential, dict)
        or not isinstance(credential.get("id"), str)
        or "\x00" in credential["id"]
    ):
        raise ValueError("not a credential")
    return credential


def _origin(request: HttpRequest) -> str:
    """As the browser writes it. Behind a proxy that ends TLS the scheme is the one of PUBLIC_URL."""
    public = urlsplit(settings.PUBLIC_URL)
    scheme = public.scheme if public.netloc == request.get_host() else request.scheme
    return f"{scheme}://{request.get_host()}"


def _host(request: HttpRequest) -> str:
    """Without a port; one of ALLOWED_HOSTS, and the browser compares it with where it is."""
    return urlsplit(f"//{request.get_host()}").hostname or ""
