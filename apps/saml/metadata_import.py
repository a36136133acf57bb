"""Reads a service provider's metadata (SAML metadata 2.4.4). Takes bytes, returns values, touches nothing.

What stands where: metadata_document.py (the file and who is in it), metadata_validity.py (for how long), metadata_endpoints.py
(its addresses), metadata_keys.py; metadata_policy.py says what of it goes into the settings.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.utils.translation import gettext as _

from apps.saml.errors import MetadataRefused
from apps.saml.metadata_choices import MD, display_name_of
from apps.saml.metadata_document import Element, entity_id_of, is_true, root_of, service_provider_in
from apps.saml.metadata_encryption import encryption_fields_of
from apps.saml.metadata_endpoints import acs_urls_of, single_logout_of
from apps.saml.metadata_keys import signing_certificates_of
from apps.saml.metadata_validity import Validity, refuse_expired, validity_of
from apps.saml.models import NameIdFormat

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """What a file says of it. `acs_urls` is as SsoSettings keeps it; `certificates` are PEM.

    Kept as JSON, to see later what is new: a field that is added here needs a default.
    """

    entity_id: str
    acs_urls: list[dict[str, Any]]
    name_id_formats: list[NameIdFormat]
    certificates: list[str]
    signs_requests: bool
    wants_signed_assertions: bool
    single_logout: dict[str, str] = field(default_factory=dict)
    encryption: dict[str, str] = field(default_factory=dict)  # of SsoSettings; empty without a key

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "ServiceProvider":
        """What was kept by an older or a newer version is read as far as it is known."""
        known = {each.name: kept[each.name] for each in fields(cls) if each.name in kept}
        known["name_id_formats"] = [NameIdFormat(each) for each in known["name_id_formats"]]
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Document:
    """One service provider out of a file; `digest` is SHA-256 of the file, `name` what people call it, or ""."""

    provider: ServiceProvider
    validity: Validity
    name: str
    digest: str


def read_document(xml: bytes, *, now: dt.datetime, entity_id: str = "", signed_by: str = "") -> Document:
    """`entity_id` chooses among several; `signed_by` (PEM) must have signed the file.

    Raises MetadataRefused with a sentence that says what is wrong with the file, SeveralServiceProviders to choose among.
    """
    entity = service_provider_in(root_of(xml, signed_by=signed_by), entity_id)
    role = _role(entity)
    validity = validity_of(role)
    refuse_expired(validity, now)
    return Document(_provider(entity, role), validity, display_name_of(entity), digest_of(xml))


def digest_of(xml: bytes) -> str:
    return hashlib.sha256(xml).hexdigest()


def _provider(entity: Element, role: Element) -> ServiceProvider:
    return ServiceProvider(
        entity_id=entity_id_of(entity),
        acs_urls=acs_urls_of(role),
        name_id_formats=_name_id_formats(role),
        certificates=signing_certificates_of(role),
        signs_requests=is_true(role.get("AuthnRequestsSigned")),
        wants_signed_assertions=is_true(role.get("WantAssertionsSigned")),
        single_logout=single_logout_of(role),
        encryption=encryption_fields_of(role),
    )


def _role(entity: Element) -> Element:
    for role in entity.findall(f"{MD}SPSSODescriptor"):
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split():
            return role
    raise MetadataRefused(_("The service provider in this file does not speak SAML 2.0."))


def _name_id_formats(role: Element) -> list[NameIdFormat]:
    known = {format_.urn: format_ for format_ in NameIdFormat}
    offered = [str(node.xpath("string()")).strip() for node in role.findall(f"{MD}NameIDFormat")]
    return [known[urn] for urn in offered if urn in known]
