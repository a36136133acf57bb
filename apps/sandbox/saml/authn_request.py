"""AuthnRequests (SAML core 3.4.1), unsigned, by Redirect or by POST."""

import base64
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from lxml import etree

from apps.sandbox.saml.names import POST, SAML, SAMLP, UNSPECIFIED, A, P


@dataclass(frozen=True)
class AuthnRequest:
    request_id: str
    issuer: str
    acs_url: str
    issued_at: datetime

    def document(self, destination: str) -> bytes:
        namespaces: Any = {"samlp": SAMLP, "saml": SAML}
        root = etree.Element(
            f"{P}AuthnRequest",
            nsmap=namespaces,
            ID=self.request_id,
            Version="2.0",
            IssueInstant=self.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            Destination=destination,
            AssertionConsumerServiceURL=self.acs_url,
            ProtocolBinding=POST,
        )
        etree.SubElement(root, f"{A}Issuer").text = self.issuer
        etree.SubElement(root, f"{P}NameIDPolicy", Format=UNSPECIFIED, AllowCreate="true")
        return bytes(etree.tostring(root))

    def redirect_address(self, sso_url: str, relay_state: str) -> str:
        """SAML bindings 3.4.4.1: raw DEFLATE, base64, then the query string."""
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated = compressor.compress(self.document(sso_url)) + compressor.flush()
        query = urlencode({"SAMLRequest": base64.b64encode(deflated), "RelayState": relay_state})
        return f"{sso_url}{'&' if '?' in sso_url else '?'}{query}"

    def post_value(self, sso_url: str) -> str:
        return base64.b64encode(self.document(sso_url)).decode()
