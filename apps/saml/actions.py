"""
Every way an application's single sign-on changes: change, event, outbox in one transaction. Refusals are apps.saml.errors,
each with `fields`. `sso_of` is how everybody gets at the settings: it makes them from the connector the first time.
"""

import datetime as dt
import ssl
from typing import Any

from cryptography import x509
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.events.actions import changes_between, record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib import http
from apps.lib.crypto import fingerprint, new_key_pair
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.saml.authn_request import AuthnRequest
from apps.saml.errors import CertificateRefused, MetadataRefused, RequestStale, SsoUnavailable
from apps.saml.metadata_import import ServiceProvider, read_service_provider
from apps.saml.models import KeyPair, NameIdFormat, PendingSignIn, SsoSettings
from apps.saml.validation import CHECKS, checked

CERTIFICATE_DAYS = 5 * 365
PENDING_LIFETIME = dt.timedelta(hours=1)  # time to find one's telephone; longer than a request stays fresh
METADATA_TYPES = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
# NameID formats we would choose for a service provider that does not take the present one: never a fleeting one unasked
PREFERRED = (NameIdFormat.EMAIL, NameIdFormat.PERSISTENT, NameIdFormat.TRANSIENT)


def sso_of(application: Application) -> SsoSettings:
    """Prefilled by the connector, with an active key pair. Raises SsoUnavailable for a bookmark."""
    if application.connector.saml is None:
        raise SsoUnavailable({"connector": [_("A bookmark has no single sign-on.")]})
    found: SsoSettings | None = (
        SsoSettings.objects.select_related("application").filter(application=application).first()
    )
    return found or _create_sso(application)


def _create_sso(application: Application) -> SsoSettings:
    key_pair = _new_key_pair(application, KeyPair.State.ACTIVE)  # the slow part, outside the transaction
    try:
        with transaction.atomic():
            settings = SsoSettings(application=application, **connector_fields(application))
            settings.save(force_insert=True)
            _save_certificate(key_pair, actor=Actor.system())
    except IntegrityError:  # somebody else looked at the same moment
        settings = SsoSettings.objects.select_related("application").get(application=application)
    return settings


def connector_fields(application: Application) -> dict[str, Any]:
    """What the SSO tab is prefilled with: the connector's templates with the application's parameters."""
    saml = application.connector.saml
    if saml is None:
        return {}
    acs_url = application.filled(saml.acs_url)
    return {
        "sp_entity_id": application.filled(saml.sp_entity_id),
        "acs_urls": [{"url": acs_url, "index": 0, "is_default": True}] if acs_url else [],
        "login_url": application.filled(saml.login_url),
        "default_relay_state": application.filled(saml.default_relay_state),
        "name_id_format": saml.name_id_format,
        "name_id_source": saml.name_id_source,
        "attributes": [
            {
                "name": row.name,
                "name_format": row.name_format,
                "source": row.source or "",
                "constant": row.constant,
                "enabled": True,
                "required": row.required,
            }
            for row in saml.attributes
        ],
    }


@transaction.atomic
def update_sso(settings: SsoSettings, *, actor: Actor, **fields: Any) -> SsoSettings:
    """`fields` are the columns of SsoSettings; those not given stay. Raises SsoInvalid."""
    settings = _locked(settings)
    return _save(settings, checked(settings, fields), actor=actor, details={})


def refill_sso(application: Application, *, actor: Actor) -> SsoSettings:
    """Back to what the connector says, for instance after the group path was corrected on the General tab."""
    return update_sso(sso_of(application), actor=actor, **connector_fields(application))


def import_metadata(application: Application, xml: bytes, *, actor: Actor) -> SsoSettings:
    """Takes over what the service provider's file says. Raises MetadataRefused, SsoInvalid, SsoUnavailable."""
    provider = read_service_provider(xml, now=timezone.now())
    settings = sso_of(application)
    with transaction.atomic():
        settings = _locked(settings)
        fields = checked(settings, _imported(settings, provider))
        return _save(settings, fields, actor=actor, details={"metadata": provider.entity_id})


def import_metadata_from_url(application: Application, url: str, *, actor: Actor) -> SsoSettings:
    """One guarded GET, outside any transaction. Raises MetadataRefused that names `url`, and what import_metadata raises."""
    try:
        answer = http.send(http.Request("GET", url.strip(), {"Accept": METADATA_TYPES}))
    except http.OutboundError as error:
        raise MetadataRefused(error.detail, field="url") from error
    if answer.status != 200:
        sentence = _("The address answered with status %(status)s instead of metadata.") % {
            "status": answer.status
        }
        raise MetadataRefused(sentence, field="url")
    return import_metadata(application, answer.body, actor=actor)


def _imported(settings: SsoSettings, provider: ServiceProvider) -> dict[str, Any]:
    """Never less signing than before: what the file does not ask for, or has no key for, stays as it is."""
    fields: dict[str, Any] = {"sp_entity_id": provider.entity_id, "acs_urls": provider.acs_urls}
    if provider.certificates:
        fields["sp_certificates"] = provider.certificates
    if provider.signs_requests and (provider.certificates or settings.sp_certificates):
        fields["require_signed_requests"] = True
    if provider.wants_signed_assertions:
        fields["sign_assertion"] = True
    offered = provider.name_id_formats
    if offered and settings.name_id not in offered and NameIdFormat.UNSPECIFIED not in offered:
        fields["name_id_format"] = next(format_.value for format_ in PREFERRED if format_ in offered)
    return fields


# --- certificates


def certificates_of(application: Application) -> list[KeyPair]:
    """Active first, then next, then retiring: the order of the metadata, where some read only the first."""
    sso_of(application)
    order = [KeyPair.State.ACTIVE, KeyPair.State.NEXT, KeyPair.State.RETIRING]
    pairs = KeyPair.objects.select_related("application").filter(application=application)
    return sorted(pairs, key=lambda pair: order.index(pair.state))


def add_certificate(application: Application, *, actor: Actor) -> KeyPair:
    """A new key pair, published beside the active one until it is promoted. Raises CertificateRefused."""
    sso_of(application)
    key_pair = _new_key_pair(application, KeyPair.State.NEXT)
    try:
        with transaction.atomic():
            _save_certificate(key_pair, actor=actor)
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
    _record_certificate(
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
    _record_certificate(
        pair, EventType.CERTIFICATE_UPDATE, actor=actor, changes={"state": (before, state.value)}
    )


def _new_key_pair(application: Application, state: KeyPair.State) -> KeyPair:
    pem = new_key_pair(f"Gatehouse: {application.slug}", CERTIFICATE_DAYS)
    certificate = x509.load_pem_x509_certificate(pem.certificate.encode())
    key_pair = KeyPair(
        application=application,
        certificate=pem.certificate,
        state=state,
        not_after=certificate.not_valid_after_utc,
    )
    key_pair.take_tenant()  # the seal is bound to it
    key_pair.private_key = pem.private_key
    return key_pair


def _save_certificate(key_pair: KeyPair, *, actor: Actor) -> None:
    key_pair.save(force_insert=True)
    _record_certificate(
        key_pair, EventType.CERTIFICATE_CREATE, actor=actor, changes={"state": (None, key_pair.state)}
    )


def _record_certificate(
    pair: KeyPair, event_type: EventType, *, actor: Actor, changes: dict[str, tuple[Any, Any]]
) -> None:
    record(
        event_type,
        actor=actor,
        target=Target("certificate", str(pair.pk), pair.fingerprint_sha256),
        application=Target.of("application", pair.application),
        changes=[{"field": field, "from": before, "to": after} for field, (before, after) in changes.items()],
        details={"not_after": pair.not_after.astimezone(dt.UTC).isoformat()},
    )
    publish(Topic.APPLICATION_CHANGED, pair.application_id)


# --- settings


def _locked(settings: SsoSettings) -> SsoSettings:
    locked: SsoSettings = (
        SsoSettings.objects.select_related("application").select_for_update(of=("self",)).get(pk=settings.pk)
    )
    return locked


def _save(
    settings: SsoSettings, fields: dict[str, Any], *, actor: Actor, details: dict[str, Any]
) -> SsoSettings:
    before = _snapshot(settings)
    for field, value in fields.items():
        setattr(settings, field, value)
    changes = changes_between(before, _snapshot(settings))
    if changes or details:
        settings.save()
        target = Target.of("application", settings.application)
        record(
            EventType.APPLICATION_UPDATE,
            actor=actor,
            target=target,
            application=target,
            changes=changes,
            details=details,
        )
        publish(Topic.APPLICATION_CHANGED, settings.application_id)
    return settings


def _snapshot(settings: SsoSettings) -> dict[str, Any]:
    """Certificates as fingerprints: the log is read by people."""
    prints = [fingerprint(ssl.PEM_cert_to_DER_cert(pem), "sha256") for pem in settings.sp_certificates]
    return {field: getattr(settings, field) for field in CHECKS} | {"sp_certificates": prints}


# --- requests that wait for their person


def add_pending_sign_in(application: Application, request: AuthnRequest) -> PendingSignIn:
    """Raises RequestStale when this request was seen before. Forgets what nobody came back for."""
    old = timezone.now() - PENDING_LIFETIME
    with transaction.atomic():
        PendingSignIn.objects.filter(created_at__lt=old).delete()
        try:
            with transaction.atomic():
                pending: PendingSignIn = PendingSignIn.objects.create(
                    application=application,
                    request_id=request.id,
                    acs_url=request.acs_url,
                    relay_state=request.relay_state,
                    force_authn=request.force_authn,
                    is_passive=request.is_passive,
                )
        except IntegrityError as error:
            raise RequestStale(
                _("This sign-in request was used before. Start again at the application.")
            ) from error
    return pending
