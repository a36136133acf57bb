"""Takes over what a service provider says of itself, from a file or an address."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.events.actors import Actor
from apps.lib import http
from apps.saml.actions.settings import sso_of
from apps.saml.errors import MetadataRefused
from apps.saml.metadata_import import ServiceProvider, read_service_provider
from apps.saml.models import NameIdFormat, SsoSettings
from apps.saml.recording import locked, save
from apps.saml.validation import checked

METADATA_TYPES = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
# NameID formats we would choose for a service provider that does not take the present one: never a fleeting one unasked
PREFERRED = (NameIdFormat.EMAIL, NameIdFormat.PERSISTENT, NameIdFormat.TRANSIENT)


def import_metadata(application: Application, xml: bytes, *, actor: Actor) -> SsoSettings:
    """Takes over what the service provider's file says. Raises MetadataRefused, SsoInvalid, SsoUnavailable."""
    provider = read_service_provider(xml, now=timezone.now())
    settings = sso_of(application)
    with transaction.atomic():
        settings = locked(settings)
        fields = checked(settings, _imported(settings, provider))
        return save(settings, fields, actor=actor, details={"metadata": provider.entity_id})


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
