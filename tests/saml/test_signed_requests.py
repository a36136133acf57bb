"""Signatures of requests: required where the administrator or the metadata says so, and verified wherever there is one."""

import base64
import re
from urllib.parse import quote, quote_plus

import pytest
from lxml import etree

from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.saml.conftest import SP, Keys
from tests.saml.pairs import DAY, NOW, certificate, private, rsa_key
from tests.saml.service_provider import NS, authn_request, form, redirect, signed
from tests.saml.test_requests_at_the_front_door import accepted, get, post, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(engineer, wiki, system, sp_keys):
    """The application's certificate is known; signatures are not required."""
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, sp_certificates=[sp_keys.certificate])


@pytest.fixture
def required(engineer, wiki, system, known):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, require_signed_requests=True)


def test_an_unsigned_request_is_refused_where_a_signature_is_required(engineer, required):
    refused(engineer, get(engineer, redirect(authn_request())), "not signed")
    refused(engineer, post(engineer, form(authn_request())), "not signed")


def test_an_unsigned_request_passes_where_none_is_required(engineer, known):  # negative control
    accepted(engineer, get(engineer, redirect(authn_request())))
    accepted(engineer, post(engineer, form(authn_request())))


def test_a_signed_request_passes_where_it_is_required(engineer, required, sp_keys):  # negative control
    accepted(engineer, get(engineer, redirect(authn_request(), keys=sp_keys, relay_state="/x")))
    accepted(engineer, get(engineer, redirect(authn_request(), keys=sp_keys)))
    accepted(engineer, post(engineer, form(signed(authn_request(), sp_keys))))


def test_a_strangers_signature_is_refused_though_none_is_required(engineer, known, strangers_keys):
    refused(engineer, get(engineer, redirect(authn_request(), keys=strangers_keys)), "does not match")
    refused(engineer, post(engineer, form(signed(authn_request(), strangers_keys))), "does not match")


def test_a_signature_that_nobody_here_can_check_is_refused(engineer, wiki, sp_keys):
    refused(engineer, get(engineer, redirect(authn_request(), keys=sp_keys)), "Import its metadata")
    refused(engineer, post(engineer, form(signed(authn_request(), sp_keys))), "Import its metadata")


def test_one_of_two_known_certificates_is_enough(engineer, wiki, system, sp_keys, strangers_keys):
    with in_tenant(engineer.tenant):
        update_sso(
            sso_of(wiki), actor=system, sp_certificates=[strangers_keys.certificate, sp_keys.certificate]
        )
    accepted(engineer, get(engineer, redirect(authn_request(), keys=sp_keys)))
    accepted(engineer, post(engineer, form(signed(authn_request(), sp_keys))))


# --- the Redirect binding: over the octets as they were sent (threat S6)


def lower_hex(text):
    return re.sub("%..", lambda match: match[0].lower(), quote(text, safe=""))


@pytest.mark.parametrize(
    "quoted",
    [
        lambda text: quote(text, safe=""),
        quote_plus,
        lower_hex,
        lambda text: quote(text, safe="/"),
        lambda text: "".join(f"%{octet:02x}" for octet in text.encode()),
    ],
    ids=["upper case", "plus", "lower case hex", "slashes bare", "everything escaped"],
)
def test_every_way_of_escaping_verifies(engineer, required, sp_keys, quoted):
    query = redirect(authn_request(), keys=sp_keys, relay_state="a b/ä+c", quoted=quoted)
    made = accepted(engineer, get(engineer, query))
    assert made.relay_state == "a b/ä+c"


def test_the_order_and_strangers_between_do_not_matter(engineer, required, sp_keys):
    parts = redirect(authn_request(), keys=sp_keys, relay_state="x").split("&")
    accepted(engineer, get(engineer, "&".join([parts[3], "utm=1", *parts[:3]])))


@pytest.mark.parametrize("number", range(4))
def test_nothing_of_it_can_be_exchanged_or_left_out(engineer, required, sp_keys, number):
    parts = redirect(authn_request(), keys=sp_keys, relay_state="x").split("&")
    others = redirect(authn_request(), keys=sp_keys, relay_state="y").split("&")
    others[2] = "SigAlg=" + quote("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", safe="")
    refused(engineer, get(engineer, "&".join([*parts[:number], others[number], *parts[number + 1 :]])))
    refused(engineer, get(engineer, "&".join([*parts[:number], *parts[number + 1 :]])))


def test_a_relay_state_that_was_not_signed_is_refused(engineer, required, sp_keys):
    refused(engineer, get(engineer, redirect(authn_request(), keys=sp_keys) + "&RelayState=x"))


def test_an_escaped_name_beside_a_signed_one_is_refused(engineer, required, sp_keys):
    """CVE-2026-117691: one octet string verified, another one read."""
    query = redirect(authn_request(), keys=sp_keys)
    evil = redirect(authn_request(more='ForceAuthn="true"')).replace("SAMLRequest", "%53AMLRequest")
    refused(engineer, get(engineer, f"{evil}&{query}"), "unusual way")
    refused(engineer, get(engineer, f"{query}&{evil}"), "unusual way")


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "none",
        "",
    ],
)
def test_other_algorithms_are_refused_before_anything_is_verified(engineer, known, sp_keys, algorithm):
    refused(engineer, get(engineer, redirect(authn_request(), keys=sp_keys, algorithm=algorithm)))


@pytest.mark.parametrize("signature", ["", "AAAA", "%20", "ä"])
def test_a_signature_that_is_none_is_refused(engineer, known, sp_keys, signature):
    query = redirect(authn_request(), keys=sp_keys).rpartition("=")[0]
    refused(engineer, get(engineer, query.rpartition("Signature")[0] + "Signature=" + quote(signature)))


# --- the POST binding: read only what is signed (threat S7)


def tampered(xml, change):
    root = etree.fromstring(xml)
    change(root)
    return etree.tostring(root)


def wrapped(xml, keys, place):
    """The signed original inside a forged request with its own ID: the shapes of signature wrapping."""
    original = etree.fromstring(signed(xml, keys))
    forged = etree.fromstring(authn_request(request_id="_forged", more='ForceAuthn="true"'))
    signature = original.find(f"{{{NS['ds']}}}Signature")
    if place == "original beside its signature":
        forged.insert(1, signature)
        forged.append(original)
    elif place == "original inside its signature":
        forged.insert(1, signature)
        etree.SubElement(signature, f"{{{NS['ds']}}}Object").append(original)
    elif place == "signature left in the original":
        forged.append(original)
    elif place == "same ID":
        forged.set("ID", original.get("ID"))
        forged.insert(1, signature)
        forged.append(original)
    else:
        extensions = etree.SubElement(forged, f"{{{NS['samlp']}}}Extensions")
        extensions.append(original)
    return etree.tostring(forged)


@pytest.mark.parametrize(
    "place",
    [
        "original beside its signature",
        "original inside its signature",
        "signature left in the original",
        "same ID",
        "original in Extensions",
    ],
)
def test_a_wrapped_request_is_refused_required_or_not(engineer, known, sp_keys, place):
    refused(engineer, post(engineer, form(wrapped(authn_request(), sp_keys, place))))
    refused(engineer, get(engineer, redirect(wrapped(authn_request(), sp_keys, place))))


@pytest.mark.parametrize(
    "change",
    [
        lambda root: root.set("ForceAuthn", "true"),
        lambda root: root.set("AssertionConsumerServiceIndex", "0"),
        lambda root: setattr(next(root.iter(f"{{{NS['ds']}}}DigestValue")), "text", "AAAA"),
        lambda root: root.append(etree.fromstring(f'<x xmlns="urn:x" ID="{root.get("ID")}"/>')),
        lambda root: root.append(root.find(f"{{{NS['ds']}}}Signature").__copy__()),
    ],
)
def test_a_changed_request_is_refused(engineer, known, sp_keys, change):
    xml = signed(authn_request(), sp_keys)
    refused(engineer, post(engineer, form(tampered(xml, change))))


def test_sha_1_is_refused_here_too(engineer, known, sp_keys):
    refused(engineer, post(engineer, form(signed(authn_request(), sp_keys, method="rsa-sha1"))), "algorithm")


def test_a_key_that_comes_with_the_message_is_not_believed(engineer, known, strangers_keys):
    root = etree.fromstring(signed(authn_request(), strangers_keys))
    info = etree.SubElement(root.find(f"{{{NS['ds']}}}Signature"), f"{{{NS['ds']}}}KeyInfo")
    data = etree.SubElement(info, f"{{{NS['ds']}}}X509Data")
    etree.SubElement(data, f"{{{NS['ds']}}}X509Certificate").text = strangers_keys.base64
    refused(engineer, post(engineer, form(etree.tostring(root))))


def test_a_signature_inside_a_redirected_message_counts(engineer, required, sp_keys):
    accepted(engineer, get(engineer, redirect(signed(authn_request(), sp_keys))))


def test_an_elliptic_curve_signature_verifies(engineer, wiki, system):
    """RFC 6931 2.3.6: r and s side by side."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    key = ec.generate_private_key(ec.SECP256R1())
    with in_tenant(engineer.tenant):
        update_sso(
            sso_of(wiki), actor=system, sp_certificates=[certificate_of(key)], require_signed_requests=True
        )
    algorithm = quote("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", safe="")
    octets = redirect(authn_request(issuer=SP)) + f"&SigAlg={algorithm}"
    r, s = decode_dss_signature(key.sign(octets.encode(), ec.ECDSA(hashes.SHA256())))
    signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
    wrong = base64.b64encode(s.to_bytes(32) + r.to_bytes(32)).decode()
    refused(engineer, get(engineer, f"{octets}&Signature={quote(wrong, safe='')}"))
    accepted(engineer, get(engineer, f"{octets}&Signature={quote(signature, safe='')}"))


def certificate_of(key):
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sp.example")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_a_certificate_of_theirs_that_has_expired_goes_on_verifying(engineer, wiki, system, required):
    """The SSO tab tells when it ends, and says this: what metadata holds are keys, in certificates' clothes."""
    keys = Keys(private(rsa_key()), certificate(rsa_key(), begins=NOW - 9 * DAY, ends=NOW - DAY))
    refused(engineer, get(engineer, redirect(authn_request(), keys=keys)))  # not known yet
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, sp_certificates=[keys.certificate])
    accepted(engineer, get(engineer, redirect(authn_request(), keys=keys)))
    accepted(engineer, post(engineer, form(signed(authn_request(), keys))))
