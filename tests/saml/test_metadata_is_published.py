import re

import pytest
from cryptography import x509
from django.test import Client
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from saml2.attribute_converter import ac_factory
from saml2.mdstore import InMemoryMetaData

from apps.saml.actions.key_pairs import (
    add_certificate,
    certificates_of,
    promote_certificate,
    retire_certificate,
)
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.saml.service_provider import IDP, NS, SSO

pytestmark = pytest.mark.django_db


def metadata(**kwargs):
    response = Client().get("/t/acme/saml2/wiki/metadata", **kwargs)
    assert response.status_code == 200
    return response


def embedded():
    return etree.fromstring(metadata().content).xpath("//ds:X509Certificate/text()", namespaces=NS)


def test_no_weak_algorithm_and_no_private_key_stands_in_it(wiki):
    with in_tenant(wiki.tenant):
        key = certificates_of(wiki)[0].private_key
    secret = key.split("\n")[10:20]  # after the modulus, which the certificate holds too
    published = metadata().content.decode()
    for text in (published, Client().get("/t/acme/saml2/wiki/certificate").content.decode()):
        assert "PRIVATE" not in text
        assert not any(line in text for line in secret)
    words = re.sub(r"(X509Certificate>)[^<]*", "\\1", published).lower()  # base64 may spell anything
    assert "rsa-sha256" in words  # the words are there to be looked at
    assert not any(weak in words for weak in ("sha1", "md5", "tripledes", "rsa-1_5"))


def test_it_is_public_stable_and_xml(wiki):
    response = metadata()
    assert response["Content-Type"] == "application/samlmetadata+xml"
    assert "Content-Disposition" not in response
    assert not response.cookies
    assert response.content == metadata().content


def test_it_can_be_saved_as_a_file(wiki):
    response = Client().get("/t/acme/saml2/wiki/metadata?download")
    assert response["Content-Disposition"] == 'attachment; filename="Gatehouse-wiki-metadata.xml"'
    assert response.content == metadata().content


def test_python3_saml_reads_it(wiki):
    read = OneLogin_Saml2_IdPMetadataParser.parse(metadata().content)
    assert read["idp"]["entityId"] == IDP
    assert read["idp"]["singleSignOnService"]["url"] == SSO
    assert read["sp"]["NameIDFormat"] == "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def test_its_address_is_the_entity_id_whatever_the_host_header_says(wiki):
    for host in ("localhost", "testserver"):
        assert etree.fromstring(metadata(headers={"host": host}).content).get("entityID") == IDP


def test_both_bindings_are_offered_at_one_address(wiki):
    root = etree.fromstring(metadata().content)
    services = root.findall(".//md:SingleSignOnService", NS)
    assert [(one.get("Binding").rpartition(":")[2], one.get("Location")) for one in services] == [
        ("HTTP-Redirect", SSO),
        ("HTTP-POST", SSO),
    ]


def test_it_is_valid_against_the_schema(wiki):
    from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

    assert not isinstance(
        OneLogin_Saml2_XML.validate_xml(metadata().content, "saml-schema-metadata-2.0.xsd"), str
    )
    broken = metadata().content.replace(b" Location=", b" Place=")  # negative control
    assert isinstance(OneLogin_Saml2_XML.validate_xml(broken, "saml-schema-metadata-2.0.xsd"), str)


def test_pysaml2_reads_it(wiki):
    """Another reader than the one above: for each binding the same address, and the certificate that signs."""
    store = InMemoryMetaData(ac_factory(), metadata().content.decode())
    store.load()
    assert list(store.keys()) == [IDP]
    services = store.service(IDP, "idpsso_descriptor", "single_sign_on_service")
    assert {one["location"] for rows in services.values() for one in rows} == {SSO}
    ((_, certificate),) = store.certs(IDP, "idpsso", use="signing")
    assert "".join(certificate.split()) == embedded()[0]


def test_requests_are_asked_to_be_signed_only_where_they_have_to_be(wiki, system, sp_keys):
    # python3-saml would stop signing at a "false"
    assert b"WantAuthnRequestsSigned" not in metadata().content
    with in_tenant(wiki.tenant):
        update_sso(
            sso_of(wiki), actor=system, sp_certificates=[sp_keys.certificate], require_signed_requests=True
        )
    assert b'WantAuthnRequestsSigned="true"' in metadata().content


def test_during_a_rotation_both_certificates_are_published_the_signing_one_first(wiki, system):
    with in_tenant(wiki.tenant):
        old = certificates_of(wiki)[0]
        new = add_certificate(wiki, actor=system)
        assert embedded() == [old.der_base64, new.der_base64]
        promote_certificate(new, actor=system)
        assert embedded() == [new.der_base64, old.der_base64]
        retire_certificate(old, actor=system)
        assert embedded() == [new.der_base64]


def test_the_certificate_is_a_pem_file(wiki):
    response = Client().get("/t/acme/saml2/wiki/certificate")
    assert response["Content-Disposition"] == 'attachment; filename="certificate.pem"'
    assert response["Content-Type"] == "application/x-pem-file"
    x509.load_pem_x509_certificate(response.content)


@pytest.mark.parametrize("path", ["metadata", "certificate"])
def test_they_are_only_read(wiki, path):
    assert Client().post(f"/t/acme/saml2/wiki/{path}").status_code == 405
