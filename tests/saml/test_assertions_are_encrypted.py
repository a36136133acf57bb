"""Encrypted assertions: python3-saml (strict), libxmlsec1 and the xmlsec1 program read them; nobody else does, and nothing changed goes through."""

import base64
import datetime as dt
import os
import re
import shutil
import subprocess

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.utils import timezone
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError

from apps.events.models import Event
from apps.lib.xml import parse, verify
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.metadata import import_metadata
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.errors import SsoInvalid
from apps.saml.issuing import Issued, PortalSession, Wish, issue
from apps.saml.metadata_import import read_document
from apps.saml.models import EncryptionAlgorithm, SsoSettings
from apps.tenants.context import in_tenant
from tests.saml.conftest import sp_metadata
from tests.saml.service_provider import NS, python3_saml

pytestmark = pytest.mark.django_db

PROGRAM = shutil.which("xmlsec1")
XENC = {**NS, "xenc": "http://www.w3.org/2001/04/xmlenc#"}
REFUSALS = (
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
    xmlsec.Error,
    etree.XMLSyntaxError,
    ValueError,
)


@pytest.fixture
def issued(engineer, wiki, sp_keys, system):
    """A function: settings in, the octets of a Response with an encrypted assertion out."""

    def make(**settings):
        with in_tenant(engineer.tenant):
            on = {"encrypt_assertion": True, "sp_encryption_certificate": sp_keys.certificate}
            update_sso(sso_of(wiki), actor=system, **on | settings)
            now = timezone.now()
            made = issue(
                engineer.user,
                wiki,
                Wish(),
                actor=system,
                session=PortalSession(now, now + dt.timedelta(hours=1)),
            )
        assert isinstance(made, Issued), made
        return made.xml

    return make


@pytest.fixture
def certificate(engineer, wiki):
    with in_tenant(engineer.tenant):
        return certificates_of(wiki)[0].certificate


def decrypted(xml, keys):
    """As a service provider on libxmlsec1 does it, and the assertion in the place of what was encrypted."""
    root = etree.fromstring(xml)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(keys.private_key, xmlsec.constants.KeyDataFormatPem))
    data = root.find(".//xenc:EncryptedData", XENC)
    outer = data.getparent()
    outer.getparent().replace(outer, xmlsec.EncryptionContext(manager).decrypt(data))
    return root


@pytest.mark.parametrize(
    "signatures",
    [{}, {"sign_response": False}, {"sign_assertion": False}],
    ids=["both", "assertion", "response"],
)
@pytest.mark.parametrize("algorithm", EncryptionAlgorithm.values)
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_python3_saml_reads_it_strictly(issued, certificate, sp_keys, signatures, algorithm, digest):
    xml = issued(encryption_algorithm=algorithm, oaep_digest=digest, **signatures)
    read = python3_saml(
        xml,
        certificate,
        keys=sp_keys,
        wantAssertionsSigned=signatures.get("sign_assertion", True),
        wantMessagesSigned=signatures.get("sign_response", True),
    )
    assert read.get_nameid() == "bob@acme.example"
    assert read.get_attributes()["firstName"] == ["Bob"]


def test_nothing_about_the_person_stands_in_it_readably(issued, sp_keys):
    xml = issued()
    assert re.search(rb"Bob|bob@|NameID[^F]|<saml:Assertion|AttributeValue", xml) is None
    assert b"bob@acme.example" in etree.tostring(decrypted(xml, sp_keys))  # negative control


def test_the_ciphertext_is_what_was_signed_and_both_signatures_verify(issued, certificate, sp_keys):
    xml = issued()
    verify(parse(xml, max_bytes=65536), [certificate])  # the response, over the ciphertext
    assertion = decrypted(xml, sp_keys).find("saml:Assertion", NS)
    verify(assertion, [certificate])


def test_only_these_algorithms_stand_in_it(issued):
    root = etree.fromstring(issued(encryption_algorithm="aes128-gcm", oaep_digest="sha256"))
    methods = [node.get("Algorithm") for node in root.iterfind(".//xenc:EncryptionMethod", XENC)]
    assert methods == [
        "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    ]
    digest = root.find(".//xenc:EncryptedKey/xenc:EncryptionMethod/ds:DigestMethod", XENC)
    assert digest.get("Algorithm") == "http://www.w3.org/2001/04/xmlenc#sha256"


def test_keys_and_nonces_are_never_the_same(issued):
    values = [etree.fromstring(issued()).findall(".//xenc:CipherValue", XENC) for _ in range(3)]
    wrapped, texts = zip(*(tuple(base64.b64decode(one.text) for one in pair) for pair in values), strict=True)
    assert len(set(wrapped)) == len({text[:12] for text in texts}) == 3


def test_somebody_elses_key_reads_nothing(issued, certificate, strangers_keys):
    with pytest.raises(REFUSALS):
        python3_saml(issued(), certificate, keys=strangers_keys)


@pytest.mark.parametrize("signatures", [{}, {"sign_response": False}], ids=["both", "assertion"])
def test_changed_ciphertext_is_refused(issued, certificate, sp_keys, signatures):
    """Under the response's signature, and without it by AES-GCM's own tag."""
    xml = issued(**signatures)
    wanted = {"wantMessagesSigned": signatures.get("sign_response", True)}
    python3_saml(xml, certificate, keys=sp_keys, **wanted)
    for value in etree.fromstring(xml).findall(".//xenc:CipherValue", XENC):
        octets = bytearray(base64.b64decode(value.text))
        for place in (0, len(octets) // 2, len(octets) - 1):
            changed = bytearray(octets)
            changed[place] ^= 1
            other = xml.replace(value.text.encode(), base64.b64encode(changed))
            assert other != xml
            with pytest.raises(REFUSALS):
                python3_saml(other, certificate, keys=sp_keys, **wanted)


def test_why_the_namespaces_prefixes_are_the_same_inside_and_outside(issued, certificate, sp_keys):
    """python3-saml puts the assertion back with lxml, which gives it the Response's prefix for its namespace: were that
    another one, the octets would no longer be those that were signed. This is why it refuses what pysaml2 encrypts."""
    xml = issued(sign_response=False)
    python3_saml(xml, certificate, keys=sp_keys, wantMessagesSigned=False)
    renamed = re.sub(rb"(</?|xmlns:)saml\b", rb"\1ns1", xml)
    assert etree.tostring(etree.fromstring(renamed), method="c14n") != etree.tostring(
        etree.fromstring(xml), method="c14n"
    )
    with pytest.raises(OneLogin_Saml2_ValidationError, match="Signature validation failed"):
        python3_saml(renamed, certificate, keys=sp_keys, wantMessagesSigned=False)


@pytest.mark.skipif(
    PROGRAM is None and os.environ.get("CI") != "true", reason="the xmlsec1 program is not installed"
)
def test_the_xmlsec1_program_decrypts_it_and_verifies_what_was_inside(issued, certificate, sp_keys, tmp_path):
    def run(*arguments):
        made = subprocess.run([PROGRAM, *arguments], cwd=tmp_path, capture_output=True, check=False)
        return made.returncode == 0

    (tmp_path / "sp.pem").write_text(sp_keys.private_key)
    (tmp_path / "idp.pem").write_text(certificate)
    xml = issued()
    (tmp_path / "in.xml").write_bytes(xml)
    assert run("--decrypt", "--privkey-pem", "sp.pem", "--output", "out.xml", "in.xml")
    identity = etree.parse(tmp_path / "out.xml").find(".//saml:Assertion", NS).get("ID")
    verification = ("--verify", "--pubkey-cert-pem", "idp.pem", "--id-attr:ID", f"{NS['saml']}:Assertion", "--node-id", identity)  # fmt: skip
    assert run(*verification, "out.xml")
    plain = (tmp_path / "out.xml").read_bytes()
    (tmp_path / "out.xml").write_bytes(plain.replace(b"bob@acme", b"eve@acme"))
    assert not run(*verification, "out.xml")  # negative control
    value = etree.fromstring(xml).findall(".//xenc:CipherValue", XENC)[-1].text
    (tmp_path / "in.xml").write_bytes(
        xml.replace(value.encode(), value[:40].encode() + b"AAAA" + value[44:].encode())
    )
    assert not run("--decrypt", "--privkey-pem", "sp.pem", "--output", "other.xml", "in.xml")


# --- the switch


def test_it_is_off_until_somebody_switches_it_on(engineer, wiki):
    with in_tenant(engineer.tenant):
        assert sso_of(wiki).encrypt_assertion is False


def test_without_a_certificate_it_cannot_be_switched_on_nor_the_certificate_be_taken_away(
    engineer, wiki, sp_keys, system
):
    with in_tenant(engineer.tenant):
        with pytest.raises(SsoInvalid) as refused:
            update_sso(sso_of(wiki), actor=system, encrypt_assertion=True)
        assert "certificate" in refused.value.fields["encrypt_assertion"][0]
        update_sso(
            sso_of(wiki), actor=system, encrypt_assertion=True, sp_encryption_certificate=sp_keys.certificate
        )
        with pytest.raises(SsoInvalid):
            update_sso(sso_of(wiki), actor=system, sp_encryption_certificate="")


def test_a_row_without_its_certificate_sends_nothing_rather_than_plain_text(engineer, wiki, issued, system):
    issued()
    with in_tenant(engineer.tenant):
        SsoSettings.objects.filter(application=wiki).update(sp_encryption_certificate="")
        now = timezone.now()
        made = issue(
            engineer.user, wiki, Wish(), actor=system, session=PortalSession(now, now + dt.timedelta(hours=1))
        )
    assert made.refusal.code == "not_configured"


def certificate_of(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sp.example")])
    day = timezone.now().replace(microsecond=0)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + dt.timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_only_rsa_keys_of_2048_bits_are_taken(engineer, wiki, system):
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    with in_tenant(engineer.tenant):
        for pem in (certificate_of(small), certificate_of(curve), "nonsense"):
            with pytest.raises(SsoInvalid) as refused:
                update_sso(sso_of(wiki), actor=system, sp_encryption_certificate=pem)
            assert "sp_encryption_certificate" in refused.value.fields


def test_the_log_names_the_certificate_by_its_fingerprint(engineer, wiki, issued):
    issued()
    with in_tenant(engineer.tenant):
        changes = Event.objects.filter(type="application_update").first().changes
    told = {change["field"]: change["to"] for change in changes}
    assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", *told["sp_encryption_certificate"])


# --- what the service provider's metadata says about it


def descriptor(keys, use="", methods=""):
    use = f' use="{use}"' if use else ""
    return (
        f"<md:KeyDescriptor{use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{keys.base64}</ds:X509Certificate>"
        f"</ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"
    )


def method(uri, inside=""):
    return f'<md:EncryptionMethod Algorithm="{uri}">{inside}</md:EncryptionMethod>'


def fields(keys):
    return read_document(sp_metadata(keys=keys), now=timezone.now()).provider.encryption


def test_the_key_for_encryption_is_found(sp_keys, strangers_keys):
    assert fields("") == fields(descriptor(sp_keys, "signing")) == {}
    for keys in (
        descriptor(sp_keys, "encryption"),
        descriptor(sp_keys),
        descriptor(strangers_keys) + descriptor(sp_keys, "encryption"),
    ):
        assert fields(keys) == {
            "sp_encryption_certificate": sp_keys.certificate,
            "encryption_algorithm": "aes256-gcm",
            "oaep_digest": "sha1",
        }


def test_an_import_takes_the_certificate_over_and_leaves_the_switch(
    engineer, wiki, sp_keys, strangers_keys, system
):
    with in_tenant(engineer.tenant):
        import_metadata(wiki, sp_metadata(keys=descriptor(strangers_keys)), actor=system)
        assert sso_of(wiki).sp_encryption_certificate == strangers_keys.certificate
        assert sso_of(wiki).encrypt_assertion is False
        update_sso(sso_of(wiki), actor=system, encrypt_assertion=True)
        import_metadata(wiki, sp_metadata(), actor=system)
        assert sso_of(wiki).sp_encryption_certificate == strangers_keys.certificate
        import_metadata(wiki, sp_metadata(keys=descriptor(sp_keys, "encryption")), actor=system)
        assert sso_of(wiki).sp_encryption_certificate == sp_keys.certificate
        assert sso_of(wiki).encrypt_assertion is True


@pytest.mark.parametrize(
    ("ciphers", "chosen"),
    [
        (["2009/xmlenc11#aes128-gcm"], "aes128-gcm"),
        (["2009/xmlenc11#aes128-gcm", "2009/xmlenc11#aes256-gcm"], "aes256-gcm"),
        (["2001/04/xmlenc#aes128-cbc", "2001/04/xmlenc#tripledes-cbc"], "aes256-gcm"),
    ],
)
def test_the_weaker_cipher_is_taken_only_where_it_is_the_only_good_one(sp_keys, ciphers, chosen):
    methods = "".join(method(f"http://www.w3.org/{one}") for one in ciphers)
    assert fields(descriptor(sp_keys, "encryption", methods))["encryption_algorithm"] == chosen


def test_sha_256_is_taken_where_it_is_listed(sp_keys):
    digest = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
    methods = method("http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", digest)
    assert fields(descriptor(sp_keys, "encryption", methods))["oaep_digest"] == "sha256"
