"""A service provider's metadata address on loopback, which says whatever a test has put into it."""

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from apps.saml.models import MetadataSource, SsoSettings
from apps.saml.pending_changes import pending_change
from tests.saml.metadata import ACS, SP, sp_metadata

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def service(url=ACS, index=0, more="", binding=POST):
    return f'<md:AssertionConsumerService Binding="{binding}" Location="{url}" index="{index}" {more}/>'


def key_descriptor(pair, use='use="signing"'):
    return (
        f"<md:KeyDescriptor {use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{pair.base64}\n"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def several(*entities, attributes=""):
    inner = b"".join(entity.partition(b"?>")[2] for entity in entities)
    start = f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" {attributes}>'
    return start.encode() + inner + b"</md:EntitiesDescriptor>"


def until(**ahead):
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(**ahead)
    return f'validUntil="{moment:%Y-%m-%dT%H:%M:%SZ}"'


@dataclass
class MetadataServer:
    """`body` says it all where it is set; `requests` are the headers it was asked with."""

    server: HTTPServer
    entity_id: str = SP
    acs: str = field(default_factory=service)
    keys: str = ""
    formats: str = ""
    attributes: str = ""
    role_attributes: str = ""
    body: bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etags: bool = False
    requests: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self):
        self.server.expect_request("/metadata").respond_with_handler(self._answer)

    @property
    def url(self):
        return self.server.url_for("/metadata")

    @property
    def xml(self):
        if self.body is not None:
            return self.body
        return sp_metadata(
            entity_id=self.entity_id,
            acs=self.acs,
            keys=self.keys,
            formats=self.formats,
            attributes=self.attributes,
            role_attributes=self.role_attributes,
        )

    def _answer(self, request: Request) -> Response:
        self.requests.append(dict(request.headers))
        etag = f'"{hashlib.sha256(self.xml).hexdigest()[:16]}"'
        if self.etags and request.headers.get("If-None-Match") == etag:
            return Response(status=304, headers={"ETag": etag})
        headers = self.headers | ({"ETag": etag} if self.etags else {})
        return Response(self.xml, self.status, headers, content_type="application/samlmetadata+xml")


# --- what is remembered of it


def source():
    return MetadataSource.objects.select_related("application__sso").get()


def settings_now():
    return SsoSettings.objects.values().get()


def waiting():
    return pending_change(SsoSettings.objects.select_related("application").get(), source())
