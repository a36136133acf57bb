"""Our LogoutRequest and LogoutResponse (SAML core 3.7), and how they travel: signed, by the binding that the application named."""

import base64
import datetime as dt
import zlib
from dataclasses import dataclass
from urllib.parse import quote

from django.utils import timezone
from lxml import etree

from apps.applications.models import Application
from apps.saml.actions.settings import sso_of
from apps.saml.addresses import metadata_url
from apps.saml.front_door import REQUEST, RESPONSE
from apps.saml.messages import ENTITY, LIFE, NAMESPACES, SAML, SAMLP, Element, new_id
from apps.saml.models import KeyPair, LogoutBinding, NameIdFormat, SsoSession, SsoSettings
from apps.saml.signing import Signer, serialised
from apps.saml.times import written


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed message for the browser to carry. By Redirect `url` holds everything; by POST the form has `fields`."""

    url: str
    binding: LogoutBinding
    fields: dict[str, str]


def logout_request(session: SsoSession) -> tuple[Outgoing, str]:
    """And its ID. Raises apps.lib.errors.SecretError when the application's key cannot be opened."""
    settings = sso_of(session.application)
    now = timezone.now()
    root = _message("LogoutRequest", settings, settings.slo_url, now)
    root.set("NotOnOrAfter", written(now + LIFE))
    form = NameIdFormat(session.name_id_format).urn
    etree.SubElement(root, f"{SAML}NameID", Format=form).text = session.name_id
    etree.SubElement(root, f"{SAMLP}SessionIndex").text = session.session_index
    return _travelling(root, settings, settings.slo_url, REQUEST, ""), str(root.get("ID"))


def logout_response(
    application: Application, *statuses: str, in_response_to: str, relay_state: str
) -> Outgoing | None:
    """Each of `statuses` stands inside the one before it. None where the application has no address for answers."""
    settings = sso_of(application)
    url = settings.slo_response_url or settings.slo_url
    if not url:
        return None
    root = _message("LogoutResponse", settings, url, timezone.now())
    root.set("InResponseTo", in_response_to)
    code: Element = etree.SubElement(root, f"{SAMLP}Status")
    for value in statuses:
        code = etree.SubElement(code, f"{SAMLP}StatusCode", Value=value)
    return _travelling(root, settings, url, RESPONSE, relay_state)


def _message(kind: str, settings: SsoSettings, url: str, now: dt.datetime) -> Element:
    root = etree.Element(
        f"{SAMLP}{kind}",
        nsmap=NAMESPACES,
        ID=new_id(),
        Version="2.0",
        IssueInstant=written(now),
        Destination=url,
    )
    issuer = metadata_url(settings.application)
    etree.SubElement(root, f"{SAML}Issuer", Format=ENTITY).text = issuer
    return root


def _travelling(root: Element, settings: SsoSettings, url: str, parameter: str, relay_state: str) -> Outgoing:
    key_pair = KeyPair.objects.get(application=settings.application, state=KeyPair.State.ACTIVE)
    signer = Signer(key_pair, settings.algorithm)
    binding = LogoutBinding(settings.slo_binding)
    if binding is LogoutBinding.REDIRECT:
        query = _signed_query(root, parameter, relay_state, signer, settings.algorithm.signature_uri)
        return Outgoing(f"{url}{'&' if '?' in url else '?'}{query}", binding, {})
    signer.sign(root)
    fields = {parameter: base64.b64encode(serialised(root)).decode()}
    return Outgoing(url, binding, fields | ({"RelayState": relay_state} if relay_state else {}))


def _signed_query(root: Element, parameter: str, relay_state: str, signer: Signer, algorithm: str) -> str:
    """Bindings 3.4.4.1: the signature stands beside the message, over the octets as they are sent."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = compressor.compress(serialised(root)) + compressor.flush()
    parts = {parameter: base64.b64encode(deflated).decode()}
    parts |= {"RelayState": relay_state} if relay_state else {}
    parts["SigAlg"] = algorithm
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parts.items())
    return f"{query}&Signature={quote(signer.signature(query.encode()), safe='')}"
