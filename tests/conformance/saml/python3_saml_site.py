"""python3-saml with every check switched on, as its own example has it."""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from tests.conformance.saml.wsgi import Answer, application_of

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


class Site:
    def __init__(self, base: str) -> None:
        self.base = base
        self.settings: dict[str, Any] = {}
        self.wanted: dict[str, Any] = {}
        self.asked: set[str] = set()
        self.person: dict[str, Any] = {}
        self.leaving: str | None = None

    def __call__(self, path: str, query: str, body: bytes) -> Answer:
        if path == "/configure":
            return self.configure(json.loads(body))
        if path == "/metadata":
            own = OneLogin_Saml2_Settings(self.settings, sp_validation_only=True)
            metadata = own.get_sp_metadata()
            assert not own.validate_metadata(metadata)
            return Answer(
                content=metadata.decode() if isinstance(metadata, bytes) else metadata, type="text/xml"
            )
        if path == "/who":
            return Answer(content={"who": self.person.get("name_id")})
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        given = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        request = {"https": "off", "http_host": self.base.partition("://")[2], "script_name": path}
        auth = OneLogin_Saml2_Auth(
            request | {"get_data": asked, "post_data": given, "query_string": query}, self.settings
        )
        step = {"/login": self.login, "/acs": self.accept, "/logout": self.logout, "/slo": self.logged_out}[
            path
        ]
        return step(auth, asked | given)

    def configure(self, wanted: dict[str, Any]) -> Answer:
        self.wanted, self.person = wanted, {}
        idp = OneLogin_Saml2_IdPMetadataParser.parse(wanted["idp_metadata"])
        self.settings = OneLogin_Saml2_IdPMetadataParser.merge_settings(own_settings(self.base, wanted), idp)
        read = OneLogin_Saml2_Settings(self.settings).get_idp_data()
        several = read.get("x509certMulti", {}).get("signing", [])
        posts = OneLogin_Saml2_IdPMetadataParser.parse(wanted["idp_metadata"], required_sso_binding=POST)
        return Answer(
            content={
                "entity_id": read["entityId"],
                "redirect": read["singleSignOnService"]["url"],
                "post": posts["idp"]["singleSignOnService"]["url"],
                "certificates": len(several) or 1,
            }
        )

    def login(self, auth: OneLogin_Saml2_Auth, fields: dict[str, str]) -> Answer:
        address = auth.login(
            return_to=fields.get("RelayState"),
            force_authn=self.wanted["force_authn"],
            is_passive=self.wanted["is_passive"],
        )
        self.asked.add(auth.get_last_request_id())
        return Answer(location=address)

    def accept(self, auth: OneLogin_Saml2_Auth, fields: dict[str, str]) -> Answer:
        """An answer is compared with the request it names; one that names none was not asked for."""
        request_id = next(
            (one for one in self.asked if f'InResponseTo="{one}"' in decoded(fields["SAMLResponse"])), None
        )
        auth.process_response(request_id=request_id)
        if auth.get_errors() or not auth.is_authenticated():
            return Answer(
                status=403, content={"error": f"{auth.get_errors()} {auth.get_last_error_reason()}"}
            )
        self.asked.discard(request_id or "")
        self.person = {
            "name_id": auth.get_nameid(),
            "format": auth.get_nameid_format(),
            "session": auth.get_session_index(),
        }
        return Answer(
            content={
                "name_id": auth.get_nameid(),
                "format": auth.get_nameid_format(),
                "attributes": auth.get_attributes(),
                "in_response_to": auth.get_last_response_in_response_to(),
                "relay_state": fields.get("RelayState"),
            }
        )

    def logout(self, auth: OneLogin_Saml2_Auth, fields: dict[str, str]) -> Answer:
        address = auth.logout(
            name_id=self.person["name_id"],
            name_id_format=self.person["format"],
            session_index=self.person["session"],
            return_to=f"{self.base}/who",
        )
        self.leaving = auth.get_last_request_id()
        return Answer(location=address)

    def logged_out(self, auth: OneLogin_Saml2_Auth, fields: dict[str, str]) -> Answer:
        """python3-saml reads logout messages by the Redirect binding only."""
        address = auth.process_slo(
            request_id=self.leaving, delete_session_cb=self.person.clear, keep_local_session=False
        )
        if auth.get_errors():
            return Answer(
                status=403, content={"error": f"{auth.get_errors()} {auth.get_last_error_reason()}"}
            )
        if "SAMLRequest" in fields:
            return Answer(location=address)
        return Answer(content={"logged_out": True})


def decoded(response: str) -> str:
    return b64decode(response).decode()


def own_settings(base: str, wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        "strict": True,
        "sp": {
            "entityId": f"{base}/metadata",
            "assertionConsumerService": {"url": f"{base}/acs", "binding": POST},
            "singleLogoutService": {"url": f"{base}/slo", "binding": REDIRECT},
            "NameIDFormat": wanted["name_id_format"],
            "x509cert": wanted["certificate"],
            "privateKey": wanted["key"],
        },
        "security": {
            "authnRequestsSigned": wanted["sign_requests"],
            "logoutRequestSigned": True,
            "logoutResponseSigned": True,
            "wantMessagesSigned": wanted["want_response_signed"],
            "wantAssertionsSigned": wanted["want_assertion_signed"],
            "wantAssertionsEncrypted": wanted["encrypted"],
            "wantNameId": True,
            "wantAttributeStatement": True,
            "requestedAuthnContext": [wanted["authn_context"]] if wanted["authn_context"] else True,
            "failOnAuthnContextMismatch": True,
            "rejectUnsolicitedResponsesWithInResponseTo": True,
            "rejectDeprecatedAlgorithm": True,
            "signatureAlgorithm": SHA256,
            "digestAlgorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
        },
    }


def application_at(base: str) -> Any:
    return application_of(Site(base))
