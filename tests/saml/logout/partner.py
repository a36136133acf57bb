"""Service providers that sign out: python3-saml as it is used in the field, and messages by hand for what no library would send."""

import base64
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from onelogin.saml2.auth import OneLogin_Saml2_Auth

from tests.saml.service_provider import NS, RSA_SHA256, deflated, instant, open_key

PORTAL = "http://127.0.0.1:8000/t/acme"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


@dataclass
class Partner:
    """An application's side. `keys` sign what it sends; `certificate` is the portal's for this application."""

    slug: str
    keys: object
    certificate: str = ""
    sessions: list = field(default_factory=list)

    @property
    def entity_id(self):
        return f"https://{self.slug}.example/metadata"

    @property
    def acs(self):
        return f"https://{self.slug}.example/acs"

    @property
    def slo(self):
        return f"https://{self.slug}.example/slo"

    @property
    def idp_slo(self):
        return f"{PORTAL}/saml2/{self.slug}/slo"

    def auth(self, query="", **security):
        """python3-saml for one request to this application's SLO address."""
        settings = {
            "strict": True,
            "sp": {
                "entityId": self.entity_id,
                "assertionConsumerService": {"url": self.acs},
                "singleLogoutService": {"url": self.slo},
                "x509cert": self.keys.certificate,
                "privateKey": self.keys.private_key,
            },
            "idp": {
                "entityId": f"{PORTAL}/saml2/{self.slug}/metadata",
                "singleSignOnService": {"url": f"{PORTAL}/saml2/{self.slug}"},
                "singleLogoutService": {"url": self.idp_slo},
                "x509cert": self.certificate,
            },
            "security": {
                "logoutRequestSigned": True,
                "logoutResponseSigned": True,
                "wantMessagesSigned": True,
                "signatureAlgorithm": RSA_SHA256,
            }
            | security,
        }
        request = {
            "https": "on",
            "http_host": f"{self.slug}.example",
            "script_name": "/slo",
            "get_data": {name: values[0] for name, values in parse_qs(query).items()},
            "query_string": query,
        }
        return OneLogin_Saml2_Auth(request, settings)

    def takes(self, url, **security):
        """What python3-saml does with the LogoutRequest in `url`: verified, answered. Returns the query of its answer."""
        assert url.startswith(f"{self.slo}?"), url
        auth = self.auth(urlsplit(url).query, **security)
        answer = auth.process_slo(keep_local_session=True)
        assert auth.get_errors() == [], (auth.get_errors(), auth.get_last_error_reason())
        assert answer.startswith(f"{self.idp_slo}?"), answer
        return urlsplit(answer).query

    def is_told(self, url, request_id):
        """python3-saml's judgement of the LogoutResponse in `url`: its errors."""
        assert url.startswith(f"{self.slo}?"), url
        auth = self.auth(urlsplit(url).query)
        auth.process_slo(keep_local_session=True, request_id=request_id)
        return auth.get_errors()


def logout_request(partner, name_id, *, session_index=None, **changes):
    """By hand: `changes` are issuer, made, destination, version, more (attributes), inside (after the NameID), root, request_id."""
    inside = f"<samlp:SessionIndex>{session_index}</samlp:SessionIndex>" if session_index else ""
    subject = changes.pop("subject", f"<saml:NameID>{name_id}</saml:NameID>")
    return _message(
        partner, changes.pop("root", "LogoutRequest"), subject + inside + changes.pop("inside", ""), **changes
    )


def logout_response(partner, in_response_to, *, statuses=("Success",), **changes):
    code = ""
    for status in reversed(statuses):
        code = f'<samlp:StatusCode Value="{STATUS}{status}">{code}</samlp:StatusCode>'
    more = f'InResponseTo="{in_response_to}"'
    root = changes.pop("root", "LogoutResponse")
    return _message(partner, root, f"<samlp:Status>{code}</samlp:Status>", more=more, **changes)


def _message(
    partner, root, inside, *, issuer=None, made=None, destination="", version="2.0", more="", request_id=None
):
    where = partner.idp_slo if destination == "" else destination
    return (
        f'<samlp:{root} xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}"'
        f' ID="{request_id or "_" + secrets.token_hex(16)}" Version="{version}" IssueInstant="{made or instant()}"'
        + (f' Destination="{where}"' if where is not None else "")
        + f" {more}><saml:Issuer>{partner.entity_id if issuer is None else issuer}</saml:Issuer>{inside}</samlp:{root}>"
    )


def query(xml, keys=None, *, parameter="SAMLRequest", relay_state=None, algorithm=RSA_SHA256):
    """By Redirect; signed when `keys` are given."""
    parts = [f"{parameter}={quote(base64.b64encode(deflated(xml)).decode(), safe='')}"]
    if relay_state is not None:
        parts.append(f"RelayState={quote(relay_state, safe='')}")
    if keys:
        parts.append(f"SigAlg={quote(algorithm, safe='')}")
        signature = open_key(keys.private_key).sign(
            "&".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        parts.append(f"Signature={quote(base64.b64encode(signature).decode(), safe='')}")
    return "&".join(parts)


def fields(xml, *, parameter="SAMLRequest", relay_state=None):
    """By POST."""
    form = {parameter: base64.b64encode(xml if isinstance(xml, bytes) else xml.encode()).decode()}
    return form if relay_state is None else form | {"RelayState": relay_state}


def form_on(response):
    """(address, fields) of the page that carries a message by POST."""
    page = response.content.decode()
    inputs = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    action = re.search(r'<form method="post" action="([^"]*)"', page)
    return unescape(action[1]), {name: unescape(value) for name, value in inputs.items()}
