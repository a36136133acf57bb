"""A file of SAML metadata: who is in it (metadata 2.3). Takes bytes, returns elements, touches nothing."""

from typing import Any

from django.utils.translation import gettext as _

from apps.lib.errors import SignatureRefused, XmlRefused
from apps.lib.xml import parse, verify
from apps.saml.errors import MetadataRefused, SeveralServiceProviders
from apps.saml.metadata_choices import MD, choice_of

LARGEST = 1024 * 1024
MOST_ENTITIES = 100

Element = Any  # lxml.etree._Element


def root_of(xml: bytes, *, signed_by: str = "") -> Element:
    """What of the file is to be believed: all of it, or with a PEM certificate only what that signed. Raises MetadataRefused."""
    if not xml.strip():
        raise MetadataRefused(_("The file is empty."))
    try:
        root = parse(xml, max_bytes=LARGEST)
    except XmlRefused as refusal:
        raise MetadataRefused(str(refusal.detail)) from refusal
    if root.tag not in {f"{MD}EntityDescriptor", f"{MD}EntitiesDescriptor"}:
        raise MetadataRefused(_("This is not SAML 2.0 metadata: it has no EntityDescriptor."))
    return _verified(root, signed_by) if signed_by else root


def _verified(root: Element, certificate: str) -> Element:
    try:
        return verify(root, [certificate])
    except SignatureRefused as refusal:
        raise MetadataRefused(
            _("This metadata has to be signed with the certificate that was entered for it. ")
            + refusal.detail
        ) from refusal


def service_provider_in(root: Element, entity_id: str = "") -> Element:
    """The EntityDescriptor with that entityID, or the only service provider. Raises SeveralServiceProviders, MetadataRefused."""
    providers = _service_providers(root)
    if not providers:
        raise MetadataRefused(_no_service_provider(root))
    if entity_id:
        return _named(providers, entity_id)
    if len(providers) > 1:
        raise SeveralServiceProviders([choice_of(entity) for entity in providers])
    return providers[0]


def _service_providers(root: Element) -> list[Element]:
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
    return [entity for entity in entities if entity.find(f"{MD}SPSSODescriptor") is not None]


def _named(providers: list[Element], entity_id: str) -> Element:
    for entity in providers:
        if entity.get("entityID") == entity_id:
            return entity
    raise MetadataRefused(
        _("The file describes no service provider with the entity ID %(name)s.") % {"name": entity_id[:200]},
        field="entity_id",
    )


def _no_service_provider(root: Element) -> str:
    if next(root.iter(f"{MD}IDPSSODescriptor"), None) is not None:
        return _(
            "This file describes an identity provider, which is this side. Upload the application's own metadata."
        )
    return _("There is no service provider in this file.")


def entity_id_of(entity: Element) -> str:
    entity_id = str(entity.get("entityID", ""))
    if not entity_id or len(entity_id) > 1024 or any(character.isspace() for character in entity_id):
        raise MetadataRefused(_("The service provider in this file has no usable entity ID."))
    return entity_id


def is_true(text: str | None) -> bool:
    """xs:boolean."""
    return (text or "").strip() in {"true", "1"}
