"""What an administrator does with an application's certificates: next, active, retiring, gone."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from apps.applications.models import Application
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.saml.actions.new_key_pairs import Wanted, new_pair, pair_of, record_certificate, save_pair
from apps.saml.actions.settings import sso_of
from apps.saml.errors import CertificateRefused, KeyPairRefused
from apps.saml.key_pair_files import read_key_pair
from apps.saml.models import KeyPair

State = KeyPair.State


def certificates_of(application: Application) -> list[KeyPair]:
    """Active first, then next, then retiring: the order of the metadata, where some read only the first."""
    order = [State.ACTIVE, State.NEXT, State.RETIRING]
    rows = KeyPair.objects.select_related("application").filter(application=application)
    pairs = list(rows)
    if not pairs:
        sso_of(application)  # makes the first one
        pairs = list(rows.all())
    return sorted(pairs, key=lambda pair: order.index(pair.state))


def was_used(application: Application) -> bool:
    """Whether anybody ever signed in to it: then it knows the active certificate, and only that."""
    answered = Event.objects.filter(type=EventType.SSO_AUTH, success=True)
    return bool(answered.filter(application_id=Target.of("application", application).id).exists())


def add_certificate(
    application: Application,
    *,
    actor: Actor,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
) -> KeyPair:
    """A new key pair, published beside the active one until it is promoted. Raises CertificateRefused, SsoInvalid."""
    sso_of(application)
    key_pair = new_pair(application, State.NEXT, wanted)
    with transaction.atomic():
        _save_next(key_pair, actor=actor, uploaded=False)
    return key_pair


@sensitive_variables("private_key", "passphrase")
def upload_certificate(
    application: Application,
    *,
    actor: Actor,
    certificate: str,
    private_key: str,
    passphrase: str = "",
    at_once: bool = False,
) -> KeyPair:
    """A key pair made elsewhere, as PEM. Raises KeyPairRefused, CertificateRefused.

    `at_once` makes it the one that signs, which is refused when somebody has signed in with the present one.
    """
    sso_of(application)
    pem = read_key_pair(certificate, private_key, passphrase, now=timezone.now())
    key_pair = pair_of(application, State.NEXT, pem)
    with transaction.atomic():
        known = {pair.der_base64 for pair in _locked_pairs(application)}
        if key_pair.der_base64 in known:
            raise KeyPairRefused("certificate", _("This application has this certificate already."))
        if at_once and was_used(application):
            raise KeyPairRefused(
                "at_once",
                _(
                    "People have signed in with the present certificate. Publish this one as the next, give it to the "
                    "application, then promote it."
                ),
            )
        _save_next(key_pair, actor=actor, uploaded=True)
        if at_once:
            key_pair = promote_certificate(key_pair, actor=actor)
    return key_pair


def _save_next(key_pair: KeyPair, *, actor: Actor, uploaded: bool) -> None:
    try:
        with transaction.atomic():
            save_pair(key_pair, actor=actor, uploaded=uploaded)
    except IntegrityError as error:
        raise CertificateRefused(_("There is a next certificate already: promote or retire it.")) from error


@transaction.atomic
def promote_certificate(key_pair: KeyPair, *, actor: Actor) -> KeyPair:
    """The one that signs from here on. The one that signed stays published: as retiring, until it is retired.

    A retiring one may be promoted, too: the way back when the application refuses the new one, which then is the next again.
    """
    pairs = {pair.pk: pair for pair in _locked_pairs(key_pair.application)}
    promoted = pairs.get(key_pair.pk)
    if promoted is None or promoted.state not in {State.NEXT, State.RETIRING}:
        raise CertificateRefused(_("Only the next or a retiring certificate can be promoted."))
    states = {pair.state for pair in pairs.values()}
    back = promoted.state == State.RETIRING and State.NEXT not in states
    for pair in pairs.values():
        if pair.state == State.ACTIVE:
            _move(pair, State.NEXT if back else State.RETIRING, actor=actor)
    _move(promoted, State.ACTIVE, actor=actor)
    return promoted


@transaction.atomic
def retire_certificate(key_pair: KeyPair, *, actor: Actor) -> None:
    """Gone from the metadata, and its private key from the database. The active one is refused."""
    retired = next((pair for pair in _locked_pairs(key_pair.application) if pair.pk == key_pair.pk), None)
    if retired is None:
        return
    if retired.state == State.ACTIVE:
        raise CertificateRefused(_("This certificate signs: promote another one before retiring it."))
    record_certificate(
        retired, EventType.CERTIFICATE_UPDATE, actor=actor, changes={"state": (retired.state, "retired")}
    )
    retired.delete()


def _locked_pairs(application: Application) -> list[KeyPair]:
    return list(
        KeyPair.objects.select_related("application")
        .select_for_update(of=("self",))
        .filter(application=application)
    )


def _move(pair: KeyPair, state: KeyPair.State, *, actor: Actor) -> None:
    before, pair.state = pair.state, state
    pair.save(update_fields=["state"])
    record_certificate(
        pair, EventType.CERTIFICATE_UPDATE, actor=actor, changes={"state": (before, state.value)}
    )
