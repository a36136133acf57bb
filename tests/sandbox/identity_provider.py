"""An identity provider that says whatever a test wants, with keys of its own."""

import base64
import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import Any

import xmlsec
from lxml import etree

from apps.lib.crypto import KeyPairPem, new_key_pair

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
T = xmlsec.constants
NS = {"a": SAML, "p": SAMLP, "ds": DS}

RESPONSE = """<samlp:Response xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID="{response_id}" Version="2.0" IssueInstant="{now}"
 Destination="{destination}"{in_response_to}><saml:Issuer>{issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer>
<saml:Subject><saml:NameID Format="{name_id_format}">{name_id}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{confirmed_until}" Recipient="{recipient}"{subject_in_response_to}/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{not_before}" NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>
</saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="{session_index}"{session_until}><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""


def at(seconds: float) -> str:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class IdentityProvider:
    entity_id: str = "https://idp.example/saml2/app"
    sso_url: str = "https://idp.example/saml2/app"
    keys: KeyPairPem = field(default_factory=lambda: new_key_pair("idp", 30))

    def metadata(self, **changes: str) -> str:
        certificate = "".join(self.keys.certificate.split("\n")[1:-2])
        bindings = "".join(
            f'<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{name}" Location="{self.sso_url}"/>'
            for name in ("Redirect", "POST")
        )
        text = (
            f'<EntityDescriptor xmlns="{MD}" entityID="{self.entity_id}" validUntil="{at(3600)}">'
            f'<IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"><KeyDescriptor use="signing">'
            f'<KeyInfo xmlns="{DS}"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>'
            f"</KeyDescriptor>{bindings}</IDPSSODescriptor></EntityDescriptor>"
        )
        for old, new in changes.items():
            text = text.replace(old, new)
        return text

    def response(self, service_provider: Any, *, asked: str = "", **changes: Any) -> etree._Element:
        """Unsigned. `asked` is the id of the AuthnRequest that it answers."""
        identifier = secrets.token_hex(20)
        attributes = changes.pop("attributes", {"email": "mia@example.com"})
        values = {
            "saml": SAML,
            "samlp": SAMLP,
            "response_id": f"_r{identifier}",
            "assertion_id": f"_a{identifier}",
            "destination": service_provider.acs_url,
            "recipient": service_provider.acs_url,
            "audience": service_provider.entity_id,
            "issuer": self.entity_id,
            "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
            "name_id": "mia@example.com",
            "name_id_format": EMAIL,
            "session_index": "_s1",
            "now": at(0),
            "not_before": at(-30),
            "until": at(300),
            "confirmed_until": at(300),
            "session_until": "",
            "in_response_to": f' InResponseTo="{asked}"' if asked else "",
            "subject_in_response_to": f' InResponseTo="{asked}"' if asked else "",
            "attributes": "".join(
                f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
                for name, value in attributes.items()
            ),
        } | {name: value() if callable(value) else value for name, value in changes.items()}
        return etree.fromstring(RESPONSE.format(**values))

    def sign(
        self, element: etree._Element, *, certificate: bool = True, method: Any = T.TransformRsaSha256
    ) -> None:
        """Enveloped, behind the Issuer (SAML core: the schema wants it there)."""
        signature = xmlsec.template.create(element, T.TransformExclC14N, method, ns="ds")
        element.insert(1, signature)
        reference = xmlsec.template.add_reference(signature, T.TransformSha256, uri=f"#{element.get('ID')}")
        xmlsec.template.add_transform(reference, T.TransformEnveloped)
        xmlsec.template.add_transform(reference, T.TransformExclC14N)
        if certificate:
            xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
        key = xmlsec.Key.from_memory(self.keys.private_key, T.KeyDataFormatPem)
        if certificate:
            key.load_cert_from_memory(self.keys.certificate, T.KeyDataFormatPem)
        context = xmlsec.SignatureContext()
        context.key = key
        context.register_id(element, "ID")
        context.sign(signature)

    def signed(self, service_provider: Any, parts: str = "both", **changes: Any) -> etree._Element:
        """`parts` is "both", "response" or "assertion"."""
        root = self.response(service_provider, **changes)
        if parts in {"both", "assertion"}:
            self.sign(root.find("a:Assertion", NS))
        if parts in {"both", "response"}:
            self.sign(root)
        return root


def encoded(root: etree._Element) -> str:
    return base64.b64encode(etree.tostring(root)).decode()
