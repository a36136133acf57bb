"""Takes over what a service provider says of itself, from a file or an address."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from apps.applications.models import Application
from apps.events.actors import Actor
from apps.saml import metadata_sources
from apps.saml.actions.settings import sso_of
from apps.saml.errors import MetadataRefused, SeveralServiceProviders
from apps.saml.metadata_changes import rows_between
from apps.saml.metadata_fetch import fetch
from apps.saml.metadata_import import Document, read_document
from apps.saml.metadata_policy import imported_fields
from apps.saml.metadata_refresh import remove_old_uploads
from apps.saml.models import MetadataUpload, SsoSettings
from apps.saml.name_id_choice import without_name_id_in_use
from apps.saml.recording import locked, save
from apps.saml.validation import Wrong, certificate_pem, checked


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it came: from an address that is refreshed, or "" by hand. `signed_by` is PEM, "" for nobody."""

    xml: bytes
    url: str = ""
    etag: str = ""
    signed_by: str = ""


def import_metadata(
    application: Application, xml: bytes, *, actor: Actor, entity_id: str = "", signed_by: str | None = None
) -> SsoSettings:
    """A file. `entity_id` chooses where it describes several; `signed_by` (PEM) is who must have signed it: None for who had to
    up to now, "" for nobody. Raises MetadataRefused, SeveralServiceProviders, SsoInvalid, SsoUnavailable.
    """
    received = received_file(application, xml, signed_by=signed_by)
    return take_over(application, received, actor=actor, entity_id=entity_id)


def import_metadata_from_url(
    application: Application, url: str, *, actor: Actor, entity_id: str = "", signed_by: str | None = None
) -> SsoSettings:
    """One guarded GET, outside any transaction; refreshed by schedule from then on. Raises what import_metadata raises."""
    received = fetched_from(application, url, signed_by=signed_by)
    return take_over(application, received, actor=actor, entity_id=entity_id)


def received_file(application: Application, xml: bytes, *, signed_by: str | None) -> Received:
    return Received(xml, signed_by=_signer(application, signed_by))


def fetched_from(application: Application, url: str, *, signed_by: str | None) -> Received:
    signer = _signer(application, signed_by)
    address = url.strip()
    answer = fetch(address)
    return Received(answer.xml or b"", address, answer.etag, signer)


def take_over(
    application: Application, received: Received, *, actor: Actor, entity_id: str = ""
) -> SsoSettings:
    now = timezone.now()
    document = read_document(received.xml, now=now, entity_id=entity_id, signed_by=received.signed_by)
    settings = sso_of(application)
    with transaction.atomic():
        settings = locked(settings)
        wanted = imported_fields(settings, document.provider)
        fields = checked(settings, without_name_id_in_use(settings, wanted))
        rows = rows_between(settings, fields)
        save(settings, fields, actor=actor, details=_details(document, received))
        metadata_sources.keep(
            settings,
            document,
            rows,
            now=now,
            url=received.url,
            etag=received.etag,
            signed_by=received.signed_by,
        )
        return settings


def _details(document: Document, received: Received) -> dict[str, str]:
    origin = {"url": received.url} if received.url else {}
    return {"metadata": document.provider.entity_id} | origin


def _signer(application: Application, signed_by: str | None) -> str:
    """An import never lowers what was asked for: leaving it out leaves it as it was."""
    if signed_by is None:
        source = metadata_sources.source_of(application)
        return source.signing_certificate if source else ""
    if not signed_by.strip():
        return ""
    try:
        return certificate_pem(signed_by)
    except Wrong as wrong:
        raise MetadataRefused(str(wrong), field="signing_certificate") from wrong


# --- a file with several service providers, between two pages


@transaction.atomic
def add_upload(application: Application, received: Received) -> MetadataUpload:
    """Kept for an hour, while somebody chooses; what is older goes."""
    remove_old_uploads()
    upload = MetadataUpload(
        application=application,
        content=received.xml,
        url=received.url,
        etag=received.etag,
        signing_certificate=received.signed_by,
    )
    upload.save()
    return upload


def choices_in(upload: MetadataUpload) -> SeveralServiceProviders:
    """What can be chosen, as the refusal that it was. Raises MetadataRefused where the file has expired meanwhile."""
    try:
        read_document(bytes(upload.content), now=timezone.now(), signed_by=upload.signing_certificate)
    except SeveralServiceProviders as several:
        return several
    raise AssertionError("Only what holds several is kept.")


@transaction.atomic
def choose(upload: MetadataUpload, entity_id: str, *, actor: Actor) -> SsoSettings:
    """Raises what import_metadata raises; the file is kept then, and another one can be chosen."""
    received = Received(bytes(upload.content), upload.url, upload.etag, upload.signing_certificate)
    settings = take_over(upload.application, received, actor=actor, entity_id=entity_id)
    upload.delete()
    return settings
