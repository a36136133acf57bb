"""Why nothing would be sent about a person: everything that apps.saml.issuing would refuse for, in words for whoever can mend it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from saml2.samlp import STATUS_NO_PASSIVE, STATUS_RESPONDER

from apps.directory.models import User
from apps.lib.errors import SecretError
from apps.lib.xml import SignatureRefused, parse, verify
from apps.saml.addresses import metadata_url
from apps.saml.gate import Refusal, may_issue
from apps.saml.messages import Envelope, status_response
from apps.saml.metadata_end import metadata_ended
from apps.saml.models import SsoSettings
from apps.saml.signing import signed

BEHIND = dt.timedelta(days=1)  # no service provider is asked to tolerate a clock that is this wrong
NOBODY = "urn:gatehouse:preview"
LARGEST = 1_000_000  # bytes of a message that we wrote ourselves


@dataclass(frozen=True, slots=True)
class Problem:
    """Why nothing would be sent, in words for an administrator. `groups` would open the application, for "not_assigned"."""

    code: str
    sentence: str
    groups: tuple[str, ...] = ()


def problems_between(user: User, settings: SsoSettings, *, sp_initiated: bool) -> Iterator[Problem]:
    yield from _of_settings(settings)
    yield from _of_gate(user, settings)
    if not sp_initiated and not settings.idp_initiated:
        sentence = _(
            "%(application)s is started at its own sign-in page; “People may start it from here” is off."
        )
        yield Problem("only_from_there", sentence % {"application": settings.application})
    yield from _of_key(settings)


def unwritable_problem(user: User, field: str) -> Problem:
    sentence = _("%(person)s has no usable %(field)s, and the assertion cannot be written without it.")
    return Problem("unwritable", sentence % {"person": user, "field": field})


def is_addressed(settings: SsoSettings) -> bool:
    return bool(settings.sp_entity_id and settings.acs_url)


def _of_settings(settings: SsoSettings) -> Iterator[Problem]:
    if not is_addressed(settings):
        yield Problem(
            "not_configured", _("The SSO tab still needs the application's entity ID and an ACS URL.")
        )
    elif not settings.complete:
        sentence = _("Assertions are to be encrypted, but the application's certificate for that is missing.")
        yield Problem("not_configured", sentence)
    if ended := metadata_ended(settings, timezone.now()):
        yield Problem(ended.code, str(ended.sentence))


def _of_gate(user: User, settings: SsoSettings) -> Iterator[Problem]:
    """The gate itself decides; its words are for the person, these for whoever can mend it."""
    refusal = may_issue(user, settings.application, timezone.now())
    if refusal is None:
        return
    words = {
        "suspended": _("%(person)s is deactivated."),
        "password_expired": _("The password of %(person)s has expired: it has to be changed first."),
        "application_deactivated": _("Single sign-on of %(application)s is switched off."),
        "not_assigned": _no_group(refusal),
    }
    sentence = words.get(refusal.code, str(refusal.sentence))
    if refusal.code in words:
        sentence = sentence % {"person": user, "application": settings.application}
    yield Problem(refusal.code, sentence, refusal.groups)


def _no_group(refusal: Refusal) -> str:
    if refusal.groups:
        return _("No group of %(person)s opens %(application)s.")
    return _("No user group is bound to %(application)s yet, so nobody gets in.")


def _of_key(settings: SsoSettings) -> Iterator[Problem]:
    """The key signs the answer that anybody gets who is not signed in, addressed to nobody: it holds no assertion."""
    key_pair = settings.signing_pair
    now = timezone.now() - BEHIND
    envelope = Envelope(metadata_url(settings.application), NOBODY, NOBODY, "", now)
    message = status_response(envelope, STATUS_RESPONDER, STATUS_NO_PASSIVE)
    try:
        xml = signed(message, [message], key_pair=key_pair, algorithm=settings.algorithm)
        verify(parse(xml, max_bytes=LARGEST), [key_pair.certificate])
    except SecretError:
        sentence = _(
            "The signing key cannot be opened: it was sealed with an encryption key that is missing."
        )
        yield Problem("no_key", sentence)
    except SignatureRefused:
        sentence = _("The signing key does not belong to the published certificate: make a new certificate.")
        yield Problem("wrong_key", sentence)
