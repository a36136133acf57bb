import datetime as dt

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.utils import timezone
from lxml import etree

from apps.lib import event_loop
from apps.saml.actions.metadata import import_metadata, import_metadata_from_url
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.errors import MetadataRefused, SeveralServiceProviders
from apps.saml.models import SsoSettings
from tests.lib.test_outbound_addresses import PRIVATE, SPELLINGS
from tests.saml.conftest import ACS, SP, Keys, sp_metadata
from tests.saml.metadata_server import MetadataServer, several, until
from tests.saml.metadata_server import key_descriptor as key
from tests.saml.metadata_server import service as acs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]

IDENTITY_PROVIDER = sp_metadata().replace(b"SPSSODescriptor", b"IDPSSODescriptor")


def _ed25519():
    """A certificate that no signature we accept can be made with."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sp.example")])
    key_pair = ed25519.Ed25519PrivateKey.generate()
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key_pair.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1)).sign(key_pair, None)
    )  # fmt: skip
    return Keys("", certificate.public_bytes(serialization.Encoding.PEM).decode())


ED25519 = _ed25519()

REFUSED = {
    "empty": (b"  ", "empty"),
    "not XML": (b"entityID=https://sp.example", "well-formed"),
    "a web page": (b"<html><body/></html>", "not SAML 2.0 metadata"),
    "an identity provider's": (IDENTITY_PROVIDER, "identity provider"),
    "nobody's": (sp_metadata().replace(b"SPSSODescriptor", b"PDPDescriptor"), "no service provider"),
    "SAML 1": (sp_metadata().replace(b"SAML:2.0:protocol", b"SAML:1.1:protocol"), "does not speak SAML 2.0"),
    "the same one twice": (several(sp_metadata(), sp_metadata()), "twice"),
    "101 parties": (several(*[IDENTITY_PROVIDER] * 101), "more than 100"),
    "expired": (sp_metadata(attributes='validUntil="2020-01-01T00:00:00Z"'), "expired on 2020-01-01"),
    "expired around": (
        several(sp_metadata()).replace(
            b"EntitiesDescriptor xmlns", b'EntitiesDescriptor validUntil="2020-01-01T00:00:00.5Z" xmlns', 1
        ),
        "expired on 2020-01-01",
    ),
    "expired inside": (sp_metadata(role_attributes='validUntil="2020-01-01T00:00:00"'), "expired"),
    "valid until nonsense": (sp_metadata(attributes='validUntil="tomorrow"'), "validUntil"),
    "no entity ID": (sp_metadata(entity_id=""), "entity ID"),
    "an entity ID with spaces": (sp_metadata(entity_id="a b"), "entity ID"),
    "no address": (sp_metadata(acs=""), "HTTP-POST"),
    "artifact only": (sp_metadata(acs=acs(binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact")), "HTTP-POST"),
    "a script as address": (sp_metadata(acs=acs("javascript:alert(1)")), "https://"),
    "plain http": (sp_metadata(acs=acs("http://sp.example/acs")), "https://"),
    "a second address that is plain http": (sp_metadata(acs=acs() + acs("http://sp.example/2", 1)), "https://"),
    "no index": (sp_metadata(acs=acs(index="")), "index"),
    "an index that is no number": (sp_metadata(acs=acs(index="²")), "index"),
    "an index of a thousand digits": (sp_metadata(acs=acs(index="9" * 1000)), "index"),
    "one index twice": (sp_metadata(acs=acs() + acs("https://sp.example/2", 0)), "same index"),
    "no certificate": (
        sp_metadata(keys="<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>x</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"),
        "certificate",
    ),
    "a DOCTYPE": (b"<!DOCTYPE x>" + sp_metadata().partition(b"?>")[2], "DOCTYPE"),
    "an entity": (
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + sp_metadata().partition(b"?>")[2],
        "DOCTYPE",
    ),
    "UTF-16": (sp_metadata().decode().encode("utf-16"), "UTF-8"),
    "UTF-7": (sp_metadata().replace(b'encoding="UTF-8"', b'encoding="UTF-7"'), "UTF-8"),
    "a processing instruction": (
        sp_metadata().replace(b"<md:SPSSO", b'<?xml-stylesheet href="https://evil.example/x.xsl"?><md:SPSSO'),
        "processing instruction",
    ),
    "a billion laughs": (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + sp_metadata().partition(b"?>")[2],
        "DOCTYPE",
    ),
    "an entity that nobody declared": (sp_metadata(entity_id="&evil;"), "well-formed"),
    "cut short": (sp_metadata()[:-40], "well-formed"),
    "more than a megabyte": (sp_metadata() + b" " * 1024 * 1024 + b"<!-- -->", "1024 KiB"),
    "three megabytes of parties": (several(*[sp_metadata(entity_id="https://sp.example/" + "x" * 900)] * 2500), "1024 KiB"),
    "nested too deep": (
        several().replace(b"</", b"<md:EntitiesDescriptor>" * 40 + b"</md:EntitiesDescriptor>" * 40 + b"</"),
        "nested too deep",
    ),
    "an address that is data": (sp_metadata(acs=acs("data:text/html,hello")), "https://"),
    "an address with a password": (sp_metadata(acs=acs("https://user:secret@sp.example/acs")), "username"),
    "a key that is neither RSA nor ECDSA": (sp_metadata(keys=key(ED25519)), "neither RSA nor ECDSA"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_with_a_sentence_and_nothing_changes(wiki, system, name):
    xml, words = REFUSED[name]
    before = SsoSettings.objects.values().get()
    with pytest.raises(MetadataRefused) as refusal:
        import_metadata(wiki, xml, actor=system)
    assert words in refusal.value.fields["metadata"][0]
    assert SsoSettings.objects.values().get() == before


def test_a_good_file_is_taken_over(wiki, system, sp_keys):  # negative control of the table above
    until = (timezone.now() + dt.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    xml = sp_metadata(
        entity_id="https://new.example",
        acs=acs("https://new.example/acs"),
        keys=key(sp_keys),
        attributes=f'validUntil="{until}"',
    )
    sso = import_metadata(wiki, xml, actor=system)
    assert sso.sp_entity_id == "https://new.example"
    assert sso.acs_url == "https://new.example/acs"
    assert sso.sp_certificates == [sp_keys.certificate]
    assert not sso.require_signed_requests


def test_one_service_provider_among_identity_providers_is_meant(wiki, system):
    other = IDENTITY_PROVIDER.replace(SP.encode(), b"https://idp.example")
    assert import_metadata(wiki, several(other, sp_metadata()), actor=system).sp_entity_id == SP


@pytest.mark.parametrize(
    ("marks", "default"),
    [
        (("", ""), 0),
        (("", 'isDefault="true"'), 1),
        (('isDefault="false"', ""), 1),
        (('isDefault="false"', 'isDefault="0"'), 0),
        (('isDefault="1"', 'isDefault="true"'), 0),
    ],
)
def test_the_default_address_is_the_one_that_the_specification_says(wiki, system, marks, default):
    services = [acs(f"https://sp.example/{n}", n, mark) for n, mark in enumerate(marks)]
    sso = import_metadata(wiki, sp_metadata(acs="".join(services)), actor=system)
    assert [row["is_default"] for row in sso.acs_urls] == [n == default for n in (0, 1)]
    assert sso.acs_url == f"https://sp.example/{default}"


def test_an_address_given_twice_is_kept_once(wiki, system):
    sso = import_metadata(wiki, sp_metadata(acs=acs() + acs(index=1, more='isDefault="true"')), actor=system)
    assert sso.acs_urls == [{"url": ACS, "index": 1, "is_default": True}]


# --- an import never lowers the signature policy (CVE-2026-16443)


def test_a_key_without_use_is_for_signing_too(wiki, system, sp_keys):
    xml = sp_metadata(keys=key(sp_keys, use=""), role_attributes='AuthnRequestsSigned="true"')
    sso = import_metadata(wiki, xml, actor=system)
    assert sso.sp_certificates == [sp_keys.certificate]
    assert sso.require_signed_requests


def test_a_key_for_encryption_verifies_nothing(wiki, system, sp_keys):
    assert (
        import_metadata(
            wiki, sp_metadata(keys=key(sp_keys, 'use="encryption"')), actor=system
        ).sp_certificates
        == []
    )


def test_a_file_that_asks_for_less_changes_nothing_about_signing(wiki, system, sp_keys):
    update_sso(
        sso_of(wiki), actor=system, sp_certificates=[sp_keys.certificate], require_signed_requests=True
    )
    lax = 'AuthnRequestsSigned="false" WantAssertionsSigned="false"'
    sso = import_metadata(wiki, sp_metadata(role_attributes=lax), actor=system)
    assert sso.sp_certificates == [sp_keys.certificate]
    assert sso.require_signed_requests
    assert sso.sign_assertion
    assert sso.sign_response


def test_a_file_that_asks_for_signed_assertions_gets_them(wiki, system):
    update_sso(sso_of(wiki), actor=system, sign_assertion=False)
    assert import_metadata(
        wiki, sp_metadata(role_attributes='WantAssertionsSigned="true"'), actor=system
    ).sign_assertion


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["1.1:nameid-format:emailAddress"], "emailAddress"),
        (["2.0:nameid-format:transient", "2.0:nameid-format:persistent"], "persistent"),
        (["2.0:nameid-format:transient"], "transient"),
        (["1.1:nameid-format:unspecified"], "emailAddress"),
        (["2.0:nameid-format:kerberos"], "emailAddress"),
        ([], "emailAddress"),
    ],
)
def test_the_name_id_format_stays_unless_the_other_side_does_not_take_it(wiki, system, offered, chosen):
    formats = "".join(
        f"<md:NameIDFormat>urn:oasis:names:tc:SAML:{name}</md:NameIDFormat>" for name in offered
    )
    assert import_metadata(wiki, sp_metadata(formats=formats), actor=system).name_id_format == chosen


# --- whose file it is


def test_a_file_that_has_to_be_signed_is_believed_only_with_that_signature(
    wiki, system, sp_keys, strangers_keys
):
    before = SsoSettings.objects.values().get()
    unsigned = sp_metadata(entity_id="https://signed.example", attributes='ID="_file"').replace(
        b"<!-- made by hand -->", b""
    )
    altered = signed_file(unsigned, sp_keys).replace(b"signed.example", b"forged.example")
    for wrong in (unsigned, signed_file(unsigned, strangers_keys), altered):
        with pytest.raises(MetadataRefused) as refusal:
            import_metadata(wiki, wrong, actor=system, signed_by=sp_keys.certificate)
        assert "has to be signed" in refusal.value.fields["metadata"][0]
    assert SsoSettings.objects.values().get() == before
    sso = import_metadata(wiki, signed_file(unsigned, sp_keys), actor=system, signed_by=sp_keys.certificate)
    assert sso.sp_entity_id == "https://signed.example"  # negative control
    with pytest.raises(MetadataRefused):  # asked for once, asked for until it is taken back
        import_metadata(wiki, unsigned, actor=system)
    assert (
        import_metadata(wiki, unsigned, actor=system, signed_by="").sp_entity_id == "https://signed.example"
    )


def signed_file(xml, keys):
    root = etree.fromstring(xml)
    signature = xmlsec.template.create(
        root, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    root.insert(0, signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri="#_file")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.private_key, xmlsec.constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(signature)
    return etree.tostring(root)


def test_what_is_no_certificate_is_refused_at_its_field(wiki, system):
    with pytest.raises(MetadataRefused) as refusal:
        import_metadata(wiki, sp_metadata(), actor=system, signed_by="me")
    assert list(refusal.value.fields) == ["signing_certificate"]


# --- one of several


def test_several_service_providers_are_listed_to_choose_from(wiki, system):
    hostile = (
        '<md:Organization><md:OrganizationName xml:lang="en">x</md:OrganizationName><md:OrganizationDisplayName xml:lang="de">Zwei'
        '</md:OrganizationDisplayName><md:OrganizationDisplayName xml:lang="en">&lt;script&gt;alert(1)&lt;/script&gt;&#x202e;  two\n'
        '</md:OrganizationDisplayName><md:OrganizationURL xml:lang="en">javascript:alert(1)</md:OrganizationURL></md:Organization>'
    )
    second = sp_metadata(entity_id="https://two.example").replace(
        b"</md:EntityDescriptor>", hostile.encode() + b"</md:EntityDescriptor>"
    )
    file = several(sp_metadata(entity_id="https://one.example"), second, IDENTITY_PROVIDER)
    with pytest.raises(SeveralServiceProviders) as asked:
        import_metadata(wiki, file, actor=system)
    first, other = asked.value.choices
    assert (first.entity_id, first.name, first.hosts) == ("https://one.example", "", ["sp.example"])
    assert (other.entity_id, other.name) == ("https://two.example", "<script>alert(1)</script> two")
    assert "https://one.example, https://two.example" in asked.value.fields["entity_id"][0]
    assert (
        import_metadata(wiki, file, actor=system, entity_id="https://two.example").sp_entity_id
        == "https://two.example"
    )


@pytest.mark.parametrize("entity_id", ["https://three.example", SP])
def test_one_that_is_not_a_service_provider_of_the_file_cannot_be_chosen(wiki, system, entity_id):
    file = several(sp_metadata(entity_id="https://one.example"), IDENTITY_PROVIDER)
    with pytest.raises(MetadataRefused) as refusal:
        import_metadata(wiki, file, actor=system, entity_id=entity_id)
    assert list(refusal.value.fields) == ["entity_id"]


# --- what vendors' files look like


VENDORS = {
    "GitLab": ("https://gitlab.com/groups/acme", "https://gitlab.com/groups/acme/-/saml/callback", "persistent", 'AuthnRequestsSigned="false" WantAssertionsSigned="false"'),
    "Pulumi": ("https://api.pulumi.com/login/acme/sso/saml/metadata", "https://api.pulumi.com/login/acme/sso/saml/acs", "emailAddress", until(days=2)),
    "BlogIn": ("https://acme.blogin.co/", "https://acme.blogin.co/sso/saml/callback", "emailAddress", 'WantAssertionsSigned="true"'),
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_vendors_files_are_taken_over(wiki, system, vendor):
    entity_id, location, format_, role = VENDORS[vendor]
    version = "2.0" if format_ == "persistent" else "1.1"
    formats = f"<md:NameIDFormat>urn:oasis:names:tc:SAML:{version}:nameid-format:{format_}</md:NameIDFormat>"
    attributes = '<md:AttributeConsumingService index="1"><md:ServiceName xml:lang="en">Required attributes</md:ServiceName></md:AttributeConsumingService>'
    file = sp_metadata(
        entity_id=entity_id,
        acs=acs(location, 0, 'isDefault="true"') + attributes,
        formats=formats,
        role_attributes=role,
    )
    sso = import_metadata(wiki, b"\xef\xbb\xbf" + file, actor=system)  # some begin with a byte order mark
    assert (sso.sp_entity_id, sso.acs_url, sso.name_id_format) == (entity_id, location, format_)
    assert sso.sign_response
    assert sso.sign_assertion


# --- by address


def test_metadata_is_fetched_through_the_guarded_client(wiki, system, httpserver, settings):
    settings.OUTBOUND_ALLOW = []
    server = MetadataServer(httpserver, entity_id="https://fetched.example")
    with pytest.raises(MetadataRefused):
        import_metadata_from_url(wiki, server.url, actor=system)
    assert server.requests == []
    settings.OUTBOUND_ALLOW = ["localhost", "127.0.0.1"]  # negative control
    assert (
        import_metadata_from_url(wiki, f" {server.url} ", actor=system).sp_entity_id
        == "https://fetched.example"
    )
    assert server.requests[0]["Accept"].startswith("application/samlmetadata+xml")
    event_loop.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest", "https://169.254.169.254/latest", "file:///etc/passwd", "https://10.0.0.1/", "", "https://nowhere.invalid",
        *(f"https://{host}/" for host in SPELLINGS + PRIVATE),
    ],
)  # fmt: skip
def test_an_address_that_may_not_or_cannot_be_called_is_a_sentence_at_its_field(wiki, system, url, settings):
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(MetadataRefused) as refusal:
        import_metadata_from_url(wiki, url, actor=system)
    assert list(refusal.value.fields) == ["url"]


@pytest.mark.parametrize(
    ("status", "words"), [(404, "404"), (204, "204"), (302, "redirect"), (304, "redirect")]
)
def test_an_address_that_answers_something_else_is_refused(wiki, system, httpserver, settings, status, words):
    settings.OUTBOUND_ALLOW = ["localhost", "127.0.0.1"]
    server = MetadataServer(httpserver, status=status, headers={"Location": "https://169.254.169.254/"})
    with pytest.raises(MetadataRefused) as refusal:
        import_metadata_from_url(wiki, server.url, actor=system)
    assert words in refusal.value.fields["url"][0]
    event_loop.close()
