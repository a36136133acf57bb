"""Reads a service provider's metadata (SAML metadata 2.4.4). Takes bytes, returns values, touches nothing.

What stands where: metadata_document.py (the file and who is in it), metadata_endpoints.py (its addresses), metadata_keys.py.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.saml.errors import MetadataRefused
from apps.saml.metadata_document import MD, Element, entity_id_of, is_true, only_service_provider, root_of
from apps.saml.metadata_endpoints import acs_urls_of
from apps.saml.metadata_keys import signing_certificates_of
from apps.saml.models import NameIdFormat
from apps.saml.times import read_time

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """What a file says. `acs_urls` is as SsoSettings keeps it; `certificates` are PEM."""

    entity_id: str
    acs_urls: list[dict[str, Any]]
    name_id_formats: list[NameIdFormat]
    certificates: list[str]
    signs_requests: bool
    wants_signed_assertions: bool


def read_service_provider(xml: bytes, *, now: dt.datetime) -> ServiceProvider:
    """Raises MetadataRefused with a sentence that says what is wrong with the file."""
    entity = only_service_provider(root_of(xml))
    role = _role(entity)
    _refuse_expired(role, now)
    return ServiceProvider(
        entity_id=entity_id_of(entity),
        acs_urls=acs_urls_of(role),
        name_id_formats=_name_id_formats(role),
        certificates=signing_certificates_of(role),
        signs_requests=is_true(role.get("AuthnRequestsSigned")),
        wants_signed_assertions=is_true(role.get("WantAssertionsSigned")),
    )


def _role(entity: Element) -> Element:
    for role in entity.findall(f"{MD}SPSSODescriptor"):
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split():
            return role
    raise MetadataRefused(_("The service provider in this file does not speak SAML 2.0."))


def _refuse_expired(role: Element, now: dt.datetime) -> None:
    """validUntil of the role, its entity and whatever surrounds them: the earliest counts (metadata 2.3.1)."""
    for element in (role, *role.iterancestors()):
        text = element.get("validUntil")
        if text is None:
            continue
        until = read_time(text.strip())
        if until is None:
            raise MetadataRefused(_("The file's validUntil is not a time that can be read."))
        if until <= now:
            raise MetadataRefused(
                _("This file expired on %(date)s. Ask the application for its current metadata.")
                % {"date": until.date().isoformat()}
            )


def _name_id_formats(role: Element) -> list[NameIdFormat]:
    known = {format_.urn: format_ for format_ in NameIdFormat}
    offered = [str(node.xpath("string()")).strip() for node in role.findall(f"{MD}NameIDFormat")]
    return [known[urn] for urn in offered if urn in known]
