"""Reads a service provider's metadata (SAML metadata 2.4.4). Takes bytes, returns values, touches nothing."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.lib.errors import XmlRefused
from apps.lib.xml import parse
from apps.saml.errors import MetadataRefused
from apps.saml.locations import location_problem
from apps.saml.models import NameIdFormat
from apps.saml.times import read_time
from apps.saml.validation import Wrong, certificate_pem

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
LARGEST = 1024 * 1024
MOST_ENTITIES = 100

Element = Any  # lxml.etree._Element


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
    entity = _only_service_provider(_root(xml))
    roles = [role for role in entity.findall(f"{MD}SPSSODescriptor") if _speaks_saml_2(role)]
    if not roles:
        raise MetadataRefused(_("The service provider in this file does not speak SAML 2.0."))
    role = roles[0]
    _refuse_expired(role, now)
    return ServiceProvider(
        entity_id=_entity_id(entity),
        acs_urls=_acs_urls(role),
        name_id_formats=_name_id_formats(role),
        certificates=_certificates(role),
        signs_requests=_is_true(role.get("AuthnRequestsSigned")),
        wants_signed_assertions=_is_true(role.get("WantAssertionsSigned")),
    )


def _root(xml: bytes) -> Element:
    if not xml.strip():
        raise MetadataRefused(_("The file is empty."))
    try:
        root = parse(xml, max_bytes=LARGEST)
    except XmlRefused as refusal:
        raise MetadataRefused(refusal.detail) from refusal
    if root.tag not in {f"{MD}EntityDescriptor", f"{MD}EntitiesDescriptor"}:
        raise MetadataRefused(_("This is not SAML 2.0 metadata: it has no EntityDescriptor."))
    return root


def _only_service_provider(root: Element) -> Element:
    entities = list(root.iter(f"{MD}EntityDescriptor"))
    if len(entities) > MOST_ENTITIES:
        raise MetadataRefused(
            _("The file describes more than %(count)s parties. Ask for the one service provider's own file.")
            % {"count": MOST_ENTITIES}
        )
    ids = [entity.get("entityID", "") for entity in entities]
    if twice := {entity_id for entity_id in ids if ids.count(entity_id) > 1}:
        raise MetadataRefused(
            _("The file describes %(name)s twice, so it cannot be told which one is meant.")
            % {"name": ", ".join(sorted(twice))}
        )
    providers = [entity for entity in entities if entity.find(f"{MD}SPSSODescriptor") is not None]
    if len(providers) > 1:
        names = ", ".join(sorted(entity.get("entityID", "") for entity in providers))
        raise MetadataRefused(
            _("The file describes several service providers (%(names)s). Upload a file with one of them.")
            % {"names": names}
        )
    if not providers:
        raise MetadataRefused(_no_service_provider(root))
    return providers[0]


def _no_service_provider(root: Element) -> str:
    if next(root.iter(f"{MD}IDPSSODescriptor"), None) is not None:
        return _(
            "This file describes an identity provider, which is this side. Upload the application's own metadata."
        )
    return _("There is no service provider in this file.")


def _entity_id(entity: Element) -> str:
    entity_id = str(entity.get("entityID", ""))
    if not entity_id or len(entity_id) > 1024 or any(character.isspace() for character in entity_id):
        raise MetadataRefused(_("The service provider in this file has no usable entity ID."))
    return entity_id


def _speaks_saml_2(role: Element) -> bool:
    return PROTOCOL in role.get("protocolSupportEnumeration", "").split()


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


def _acs_urls(role: Element) -> list[dict[str, Any]]:
    """Only HTTP-POST: that is how we answer. Which one is the default: metadata 2.2.3."""
    services = [
        service
        for service in role.findall(f"{MD}AssertionConsumerService")
        if service.get("Binding") == HTTP_POST
    ]
    if not services:
        raise MetadataRefused(_("The service provider has no address that takes responses by HTTP-POST."))
    chosen = next((one for one in services if _is_true(one.get("isDefault"))), None)
    if chosen is None:
        chosen = next((one for one in services if one.get("isDefault") is None), services[0])
    rows: dict[str, dict[str, Any]] = {}
    for service in services:
        url = str(service.get("Location", ""))
        if problem := location_problem(url):
            raise MetadataRefused(_("The file sends responses to “%(url)s”. ") % {"url": url[:200]} + problem)
        row = {"url": url, "index": _index(service), "is_default": service is chosen}
        if row["index"] in {other["index"] for other in rows.values()}:
            raise MetadataRefused(_("Two of the file's response addresses have the same index."))
        if url not in rows or service is chosen:
            rows[url] = row
    return list(rows.values())


def _index(service: Element) -> int:
    text = service.get("index", "")
    if not (text.isascii() and text.isdigit()) or int(text[:6]) > 65535:
        raise MetadataRefused(_("One of the file's response addresses has no index."))
    return int(text)


def _name_id_formats(role: Element) -> list[NameIdFormat]:
    known = {format_.urn: format_ for format_ in NameIdFormat}
    offered = [str(node.xpath("string()")).strip() for node in role.findall(f"{MD}NameIDFormat")]
    return [known[urn] for urn in offered if urn in known]


def _certificates(role: Element) -> list[str]:
    """A KeyDescriptor without `use` is for both (metadata 2.4.1.1): leaving it out would switch checking off."""
    found: list[str] = []
    for descriptor in role.findall(f"{MD}KeyDescriptor"):
        if descriptor.get("use") == "encryption":
            continue
        for node in descriptor.iterfind(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"):
            try:
                found.append(certificate_pem(str(node.xpath("string()"))))
            except Wrong as wrong:
                raise MetadataRefused(_("A certificate in the file cannot be read. ") + str(wrong)) from wrong
    return list(dict.fromkeys(found))


def _is_true(text: str | None) -> bool:
    return (text or "").strip() in {"true", "1"}
