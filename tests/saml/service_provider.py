"""What a service provider sends and how it reads what it gets. Written against the specifications, with none of the product's code."""

import base64
import datetime as dt
import re
import secrets
import zlib
from dataclasses import dataclass
from functools import cache
from html import unescape
from urllib.parse import quote

import xmlsec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from tests.saml.conftest import ACS, SP
from tests.saml.verifiers import believed_by_others

SSO = "http://127.0.0.1:8000/t/acme/saml2/wiki"
IDP = f"{SSO}/metadata"
NS = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
}
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def instant(seconds=0):
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def authn_request(
    *, request_id=None, issuer=SP, made=None, destination=SSO, more="", inside="", version="2.0"
):
    """`more` are attributes of the root, `inside` what stands after the Issuer."""
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="{request_id or "_" + secrets.token_hex(16)}"'
        f' Version="{version}" IssueInstant="{made or instant()}"'
        + (f' Destination="{destination}"' if destination is not None else "")
        + f" {more}><saml:Issuer>{issuer}</saml:Issuer>{inside}</samlp:AuthnRequest>"
    )


@cache
def open_key(pem):
    """Once: opening one is to check it, which takes ten times as long as to sign."""
    return serialization.load_pem_private_key(pem.encode(), None)


def deflated(xml):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(xml if isinstance(xml, bytes) else xml.encode()) + packer.flush()


def redirect(
    xml, *, relay_state=None, keys=None, algorithm=RSA_SHA256, quoted=lambda text: quote(text, safe="")
):
    """The query of the Redirect binding (bindings 3.4.4); signed when `keys` are given. `quoted` is how the SP escapes."""
    parts = [f"SAMLRequest={quoted(base64.b64encode(deflated(xml)).decode())}"]
    if relay_state is not None:
        parts.append(f"RelayState={quoted(relay_state)}")
    if keys:
        parts.append(f"SigAlg={quoted(algorithm)}")
        signature = open_key(keys.private_key).sign(
            "&".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        parts.append(f"Signature={quoted(base64.b64encode(signature).decode())}")
    return "&".join(parts)


def form(xml, *, relay_state=None):
    fields = {"SAMLRequest": base64.b64encode(xml if isinstance(xml, bytes) else xml.encode()).decode()}
    return fields if relay_state is None else fields | {"RelayState": relay_state}


def signed(xml, keys, *, method="rsa-sha256"):
    """An enveloped signature after the Issuer (core 5.4)."""
    root = etree.fromstring(xml)
    template = xmlsec.template.create(
        root,
        xmlsec.constants.TransformExclC14N,
        getattr(
            xmlsec.constants, {"rsa-sha256": "TransformRsaSha256", "rsa-sha1": "TransformRsaSha1"}[method]
        ),
        ns="ds",
    )
    root.insert(1, template)
    reference = xmlsec.template.add_reference(
        template, xmlsec.constants.TransformSha256, uri="#" + root.get("ID")
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.private_key, xmlsec.constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(template)
    return etree.tostring(root)


@dataclass(frozen=True)
class Posted:
    """The form of the page that goes back to the service provider."""

    action: str
    xml: bytes
    relay_state: str | None

    @property
    def root(self):
        return etree.fromstring(self.xml)

    def one(self, path):
        found = self.root.xpath(path, namespaces=NS)
        assert len(found) == 1, (path, found)
        return found[0]


def posted(response):
    """The form on the page. Two readers that are not ours have verified what it carries."""
    assert response.status_code == 200, response.content.decode()
    page = response.content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    action = re.search(r'<form method="post" action="([^"]*)"', page)
    relay_state = fields.get("RelayState")
    xml = base64.b64decode(fields["SAMLResponse"])
    believed_by_others(xml)
    return Posted(
        unescape(action[1]),
        xml,
        None if relay_state is None else unescape(relay_state),
    )


def followed(client, response):
    """What the browser shows in the end: a form, and whoever is not signed in, takes the way by a page of the portal."""
    return client.get(response.url) if response.status_code == 303 else response


def python3_saml(
    xml, certificate, *, acs=ACS, request_id=None, destination=ACS, idp=IDP, keys=None, **security
):
    """Reads a Response as python3-saml does in strict mode and returns it; raises what it raises.

    `certificate` may be several: what a service provider knows while we change ours. With `keys` only an encrypted one is taken.
    """
    own = {"privateKey": keys.private_key, "x509cert": keys.certificate} if keys else {}
    known = (
        {"x509cert": certificate}
        if isinstance(certificate, str)
        else {"x509certMulti": {"signing": certificate}}
    )
    settings = OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {"entityId": SP, "assertionConsumerService": {"url": acs}, **own},
            "idp": {"entityId": idp, "singleSignOnService": {"url": SSO}} | known,
            "security": {
                "wantAssertionsSigned": True,
                "wantMessagesSigned": True,
                "wantAssertionsEncrypted": keys is not None,
                "rejectUnsolicitedResponsesWithInResponseTo": True,
                **security,
            },
        },
        sp_validation_only=False,
    )
    scheme, _, rest = destination.partition("://")
    host, slash, path = rest.partition("/")
    request = {"https": "on" if scheme == "https" else "off", "http_host": host, "script_name": slash + path}
    response = OneLogin_Saml2_Response(settings, base64.b64encode(xml).decode())
    response.is_valid(request, request_id, raise_exceptions=True)
    return response
