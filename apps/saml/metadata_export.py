"""Our own metadata for one application (SAML metadata 2.4.3)."""

from collections.abc import Sequence

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, element_to_extension_element, md
from saml2 import xmldsig as ds
from saml2.extension.algsupport import DigestMethod, SigningMethod

from apps.saml.addresses import metadata_url, slo_url, sso_url
from apps.saml.models import KeyPair, SignatureAlgorithm, SsoSettings
from apps.saml.wire import serialised

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"


def identity_provider_metadata(settings: SsoSettings, key_pairs: Sequence[KeyPair]) -> bytes:
    """`key_pairs` in the order of saml.actions.key_pairs.certificates_of: all of them are published."""
    sign_on, logout = sso_url(settings.application), slo_url(settings.application)
    bindings = (BINDING_HTTP_REDIRECT, BINDING_HTTP_POST)
    role = md.IDPSSODescriptor(
        protocol_support_enumeration=PROTOCOL,
        # samlify refuses unless this is exactly what it was told. "false" is left out (it means the same, metadata 2.4.3):
        # python3-saml takes it for a wish and stops signing.
        want_authn_requests_signed="true" if settings.require_signed_requests else None,
        key_descriptor=[_key_descriptor(pair) for pair in key_pairs],
        single_logout_service=[
            md.SingleLogoutService(binding=binding, location=logout) for binding in bindings
        ],
        name_id_format=[md.NameIDFormat(text=settings.name_id.urn)],
        single_sign_on_service=[
            md.SingleSignOnService(binding=binding, location=sign_on) for binding in bindings
        ],
    )
    entity = md.EntityDescriptor(
        entity_id=metadata_url(settings.application),
        extensions=md.Extensions(extension_elements=_algorithms()),
        idpsso_descriptor=[role],
    )
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + serialised(entity) + b"\n"


def _key_descriptor(pair: KeyPair) -> md.KeyDescriptor:
    x509_data = ds.X509Data(x509_certificate=[ds.X509Certificate(text=pair.der_base64)])
    return md.KeyDescriptor(use="signing", key_info=ds.KeyInfo(x509_data=[x509_data]))


def _algorithms() -> list[object]:
    """What we verify (metadata algorithm support 2): without this Shibboleth signs its requests with RSA-SHA1."""
    digests = [DigestMethod(algorithm=algorithm.digest_uri) for algorithm in SignatureAlgorithm]
    signatures = [SigningMethod(algorithm=algorithm.signature_uri) for algorithm in SignatureAlgorithm]
    return [element_to_extension_element(element) for element in (*digests, *signatures)]
