"""pysaml2's message objects as bytes, with the prefixes that people know from other identity providers."""

from typing import Any
from xml.etree.ElementTree import register_namespace

# Once, at import: pysaml2 would change this process-wide table at every serialisation.
for _prefix, _uri in {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "alg": "urn:oasis:names:tc:SAML:metadata:algsupport",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}.items():
    register_namespace(_prefix, _uri)


def serialised(message: Any) -> bytes:
    """UTF-8 without a declaration."""
    return bytes(message.to_string())
