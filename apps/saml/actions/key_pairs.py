"""What an administrator does with an application's certificates: next, active, retiring, gone."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.events.actors import Actor
from apps.events.types import EventType
from apps.saml.actions.new_key_pairs import new_pair, record_certificate, save_pair
from apps.saml.actions.settings import sso_of
from apps.saml.errors import CertificateRefused
from apps.saml.models import KeyPair


def certificates_of(application: Application) -> list[KeyPair]:
    """Active first, then next, then retiring: the order of the metadata, where some read only the first."""
    sso_of(application)
    order = [KeyPair.State.ACTIVE, KeyPair.State.NEXT, KeyPair.State.RETIRING]
    pairs = KeyPair.objects.select_related("application").filter(application=application)
    return sorted(pairs, key=lambda pair: order.index(pair.state))


def add_certificate(application: Application, *, actor: Actor) -> KeyPair:
    """A new key pair, published beside the active one until it is promoted. Raises CertificateRefused."""
    sso_of(application)
    key_pair = new_pair(application, KeyPair.State.NEXT)
    try:
        with transaction.atomic():
            save_pair(key_pair, actor=actor)
    except IntegrityError as error:
        raise CertificateRefused(_("There is a next certificate already: promote or retire it.")) from error
    return key_pair


@transaction.atomic
def promote_certificate(key_pair: KeyPair, *, actor: Actor) -> KeyPair:
    """The next one signs from here on; the active one is published as retiring until it is retired."""
    pairs = {pair.pk: pair for pair in _locked_pairs(key_pair.application)}
    promoted = pairs.get(key_pair.pk)
    if promoted is None or promoted.state != KeyPair.State.NEXT:
        raise CertificateRefused(_("Only the next certificate can be promoted."))
    for pair in pairs.values():
        if pair.state == KeyPair.State.ACTIVE:
            _move(pair, KeyPair.State.RETIRING, actor=actor)
    _move(promoted, KeyPair.State.ACTIVE, actor=actor)
    return promoted


@transaction.atomic
def retire_certificate(key_pair: KeyPair, *, actor: Actor) -> None:
    """Gone from the metadata, and its private key from the database. The active one is refused."""
    retired = next((pair for pair in _locked_pairs(key_pair.application) if pair.pk == key_pair.pk), None)
    if retired is None:
        return
    if retired.state == KeyPair.State.ACTIVE:
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
