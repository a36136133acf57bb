"""One transaction: read the person anew, ask the gate, sign, record. Nothing else in the product makes an assertion."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actions import recorded
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.errors import SecretError
from apps.lib.language import said
from apps.saml.actions.requests import store_pending_sign_in
from apps.saml.actions.settings import sso_of
from apps.saml.addresses import metadata_url
from apps.saml.demands import is_whom_they_asked_for
from apps.saml.encryption import response_octets
from apps.saml.gate import Refusal, gone, may_issue, switched_off
from apps.saml.groups import group_names
from apps.saml.logout.sessions import remember_session, session_index
from apps.saml.messages import PASSWORD_OVER_TLS, Envelope, response_values, status_response
from apps.saml.metadata_end import metadata_ended
from apps.saml.models import KeyPair, PendingSignIn, SsoSettings
from apps.saml.sign_on_rows import settings_as_they_stand
from apps.saml.signing import signed
from apps.saml.statement import Statement, Unwritable, statement_about
from apps.saml.statuses import STATUSES, TOLD, Status
from apps.tenants.prepared import PreparedQuery

# With the role, which says who acts; only the person's own row is locked.
LOCKED_PERSON = PreparedQuery(
    lambda user_id: (
        User.objects.select_related("administrator")
        .select_for_update(of=("self",), no_key=True)
        .filter(pk=user_id)
    ),
    user_id=UUID,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be answered. `acs_url` "" means the default; `pending` is the stored request, None when unsolicited."""

    acs_url: str = ""
    in_response_to: str = ""
    pending: PendingSignIn | None = None


@dataclass(frozen=True, slots=True)
class PortalSession:
    """What the assertion says about the sign-in here: when the password was given (None: nobody noted it), and how long it is good for."""

    signed_in_at: dt.datetime | None
    ends_at: dt.datetime
    handle: str = (
        ""  # of apps.accounts.signing_out; without one the session cannot be signed out at applications
    )


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks to be signed in.

    `identify` is given their row, just read and locked, or None, and says who acts. It may raise: then nothing has happened.
    """

    user_id: UUID
    identify: Callable[[User | None], Actor]
    known: User | None = None  # as they were read before; the log names them when the row is gone


@dataclass(frozen=True, slots=True)
class Issued:
    """`xml` is the signed Response, for `acs_url` and nobody else: with an assertion, or with a status that says why not."""

    xml: bytes
    acs_url: str


@dataclass(frozen=True, slots=True)
class Refused:
    """`reference` finds the line of the event log."""

    refusal: Refusal
    reference: str


def issue(
    user: User, application: Application, wish: Wish, *, actor: Actor, session: PortalSession
) -> Issued | Refused:
    """Raises RequestStale when `wish` brings a request that is not stored yet and was seen before."""
    return issue_to(Asker(user.pk, lambda _person: actor, user), application, wish, session=session)


def issue_to(
    asker: Asker, application: Application, wish: Wish, *, session: PortalSession
) -> Issued | Refused:
    """As `issue`, for a person whom nobody has read yet. Raises also what `asker` raises."""
    outcome = _issue(asker, application, wish, session)
    if outcome is None:
        sso_of(application)  # the first sight makes a key pair: not while a person's row is locked
        outcome = _issue(asker, application, wish, session)
    return outcome or refuse(application, gone(), actor=asker.identify(asker.known), user=asker.known)


@transaction.atomic
def _issue(
    asker: Asker, application: Application, wish: Wish, session: PortalSession
) -> Issued | Refused | None:
    """None when the application has no settings, or is not there any more."""
    person: User | None = LOCKED_PERSON.first(user_id=asker.user_id)
    actor = asker.identify(person)
    settings = settings_as_they_stand(application)
    if settings is None:
        return None
    acs_url = wish.acs_url or settings.acs_url
    made = gone() if person is None else _attempt(person, settings, wish, acs_url, session)
    refusal = made if isinstance(made, Refusal) else None
    if refusal and wish.pending and wish.pending.is_passive and refusal.code in TOLD:
        made = _status_only(settings, wish, STATUSES[TOLD[refusal.code]])  # core 3.4.1: no page of ours
    if wish.pending is not None and wish.pending._state.adding:  # noqa: SLF001 - Django's documented Model API
        store_pending_sign_in(
            wish.pending
        )  # refused, but whoever is helped meanwhile may still go on with it
    event = _record(application, refusal, actor=actor, user=person or asker.known, wish=wish, acs_url=acs_url)
    return Refused(made, event.reference) if isinstance(made, Refusal) else Issued(made, acs_url)


def issue_status(
    pending: PendingSignIn, refusal: Refusal, status: Status, *, actor: Actor, user: User | None
) -> Issued | Refused:
    """Tells the application that there is no assertion, and the log why. There is none in it, so the gate has nothing to say."""
    wish = Wish(pending.acs_url, pending.request_id, pending)
    with transaction.atomic():
        settings = settings_as_they_stand(pending.application)
        made = gone() if settings is None else _status_only(settings, wish, status)
        refusal = made if isinstance(made, Refusal) else refusal
        event = _record(pending.application, refusal, actor=actor, user=user, wish=wish, acs_url=wish.acs_url)
    return Refused(made, event.reference) if isinstance(made, Refusal) else Issued(made, wish.acs_url)


@transaction.atomic
def refuse(application: Application, refusal: Refusal, *, actor: Actor, user: User | None) -> Refused:
    """What the front door did not let in, as a line of the log."""
    event = _record(application, refusal, actor=actor, user=user, wish=None, acs_url="")
    return Refused(refusal, event.reference)


def _attempt(
    person: User, settings: SsoSettings, wish: Wish, acs_url: str, session: PortalSession
) -> bytes | Refusal:
    if problem := _misdirected(settings, acs_url):
        return problem
    now = timezone.now()
    if refusal := may_issue(person, settings.application, now):
        return refusal
    try:
        statement = statement_about(person, settings, group_names(person, settings))
    except Unwritable as missing:
        sentence = _("Your account has no usable %(field)s, which this application needs.")
        return Refusal("unwritable", said(sentence, {"field": missing}))
    if refusal := _unwanted(settings, wish, statement) or _claim(wish, now):
        return refusal
    values = response_values(
        _envelope(settings, acs_url, wish, now),
        statement,
        signed_in_at=session.signed_in_at or person.last_login or now,
        session_ends_at=session.ends_at,
        session_index=session_index(session.handle, settings.application) if session.handle else "",
        authn_context=(wish.pending and wish.pending.authn_context) or PASSWORD_OVER_TLS,
    )
    made = _signed(settings, lambda pair: response_octets(values, settings, pair))
    if session.handle and not isinstance(made, Refusal):
        remember_session(
            person, settings.application, statement, handle=session.handle, ends_at=session.ends_at
        )
    return made


def _misdirected(settings: SsoSettings, acs_url: str) -> Refusal | None:
    """Asked again here: the administrator may have taken the address away since the request was let in."""
    if not settings.complete:
        return Refusal(
            "not_configured",
            _("This application is not set up yet: its SSO tab still needs the other side's data."),
        )
    if ended := metadata_ended(settings, timezone.now()):
        return ended
    if acs_url not in {row["url"] for row in settings.acs_urls}:
        return Refusal(
            "misdirected", _("The application asked for an answer at an address that is not registered.")
        )
    return None


def _unwanted(settings: SsoSettings, wish: Wish, statement: Statement) -> Refusal | None:
    """Nobody asked for it and nobody may be sent unasked, or somebody else was asked for (core 3.4.1)."""
    if not wish.in_response_to and not settings.idp_initiated:
        return Refusal(
            "only_from_there", _("This application is started at its own sign-in page, not from here.")
        )
    if wish.pending is None or is_whom_they_asked_for(wish.pending, statement):
        return None
    return Refusal(
        "unknown_principal",
        _(
            "The application asked for somebody else than you. If you have two accounts, sign out and use the other."
        ),
    )


def _claim(wish: Wish, now: dt.datetime) -> Refusal | None:
    """A stored request is answered once, whatever two tabs do at the same moment."""
    if wish.pending is None:
        return None
    if wish.pending._state.adding:  # noqa: SLF001 - Django's documented Model API
        wish.pending.answered_at = now
        store_pending_sign_in(wish.pending)
        return None
    waiting = PendingSignIn.objects.filter(pk=wish.pending.pk, answered_at=None)
    if waiting.update(answered_at=now):
        return None
    return Refusal("stale", _("This sign-in was answered already. Start again at the application."))


def _envelope(settings: SsoSettings, acs_url: str, wish: Wish, now: dt.datetime) -> Envelope:
    issuer = metadata_url(settings.application)
    return Envelope(issuer, settings.sp_entity_id, acs_url, wish.in_response_to, now)


def _status_only(settings: SsoSettings, wish: Wish, status: Status) -> bytes | Refusal:
    """Signed, to a registered address, once; an application that is switched off is told nothing at all."""
    now = timezone.now()
    closed = None if settings.application.active else switched_off()
    if problem := closed or _misdirected(settings, wish.acs_url) or _claim(wish, now):
        return problem
    message = status_response(
        _envelope(settings, wish.acs_url, wish, now), *status.codes, message=status.message
    )
    return _signed(
        settings,
        lambda pair: signed(message, [message], key_pair=pair, algorithm=settings.algorithm),
    )


def _signed(settings: SsoSettings, sign: Callable[[KeyPair], bytes]) -> bytes | Refusal:
    try:
        return sign(settings.signing_pair)
    except SecretError:
        # After a restore without ENCRYPTION_KEYS: an operator's matter, told in the person's words.
        return Refusal("no_key", _("The portal cannot open its signing key. Please tell your administrator."))


def _record(
    application: Application,
    refusal: Refusal | None,
    *,
    actor: Actor,
    user: User | None,
    wish: Wish | None,
    acs_url: str,
) -> Event:
    details: dict[str, Any] = {"acs_url": acs_url} if acs_url else {}
    if wish is not None:
        details |= {"idp_initiated": not wish.in_response_to, "request_id": wish.in_response_to}
    if refusal is not None:
        details["refusal"] = refusal.code
    return recorded(
        EventType.SSO_AUTH,
        actor=actor,
        target=Target.of("user", user) if user is not None else None,
        application=Target.of("application", application),
        success=refusal is None,
        error_message=refusal.sentence if refusal else "",
        details=details,
    )
