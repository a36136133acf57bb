import pytest
from cryptography import x509
from django.db import connection
from django.test import Client
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.events.models import Event
from apps.lib.errors import SealBroken
from apps.saml.actions.key_pairs import (
    add_certificate,
    certificates_of,
    promote_certificate,
    retire_certificate,
)
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.errors import CertificateRefused
from apps.saml.models import KeyPair
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import posted, python3_saml

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


@pytest.fixture
def wiki(inside, system):
    return add_application(actor=system, connector="custom_saml", display_label="Wiki")


def states(application):
    return [pair.state for pair in certificates_of(application)]


def test_the_signing_certificate_cannot_be_retired(wiki, system):
    with pytest.raises(CertificateRefused):
        retire_certificate(certificates_of(wiki)[0], actor=system)
    assert states(wiki) == ["active"]


def test_only_the_next_certificate_is_promoted(wiki, system):
    with pytest.raises(CertificateRefused):
        promote_certificate(certificates_of(wiki)[0], actor=system)


def test_there_is_one_next_certificate_at_the_most(wiki, system):
    add_certificate(wiki, actor=system)
    with pytest.raises(CertificateRefused):
        add_certificate(wiki, actor=system)
    assert states(wiki) == ["active", "next"]


def test_a_certificate_goes_from_next_over_active_and_retiring_to_nothing(wiki, system):
    first = certificates_of(wiki)[0]
    second = add_certificate(wiki, actor=system)
    promote_certificate(second, actor=system)
    assert [pair.pk for pair in certificates_of(wiki)] == [second.pk, first.pk]
    assert states(wiki) == ["active", "retiring"]
    retire_certificate(first, actor=system)
    retire_certificate(first, actor=system)  # pressed twice
    assert [pair.pk for pair in certificates_of(wiki)] == [second.pk]
    changes = [event.changes[0]["to"] for event in Event.objects.filter(type__startswith="certificate")]
    assert sorted(changes) == ["active", "active", "next", "retired", "retiring"]


def test_the_private_key_lies_sealed_to_its_row(wiki, system):
    pair = certificates_of(wiki)[0]
    other = add_certificate(wiki, actor=system)
    assert pair.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key_sealed FROM saml_keypair")
        assert all(b"PRIVATE KEY" not in bytes(row[0]) for row in cursor.fetchall())
    pair.private_key_sealed = other.private_key_sealed
    with pytest.raises(SealBroken):
        _ = pair.private_key


def test_the_certificate_says_how_long_it_lasts(wiki):
    sso_of(wiki)
    pair = KeyPair.objects.get()
    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    assert pair.not_after == certificate.not_valid_after_utc
    assert len(pair.fingerprint_sha1) == 20 * 3 - 1
    assert len(pair.fingerprint_sha256) == 32 * 3 - 1


# A service provider that nobody here wrote, while the certificate changes (threat K3)


def knows(engineer, *certificates):
    """Whether python3-saml, knowing these certificates, believes the sign-in that Wiki gets now."""
    answer = posted(engineer.get("/launch/wiki"))
    try:
        python3_saml(answer.xml, certificates[0] if len(certificates) == 1 else list(certificates))
    except OneLogin_Saml2_ValidationError:
        return False
    return True


def test_an_application_that_knows_the_old_one_works_until_the_switch_and_one_that_knows_both_throughout(
    inside, alice, bob, system
):
    wiki = add_application(actor=system, connector="custom_saml", display_label="Wiki")
    update_sso(sso_of(wiki), actor=system, sp_entity_id=SP, acs_urls=[ACS])
    group = add_group(actor=system, name="Engineering")
    assign_group(wiki, group, actor=system)
    add_member(group, bob.user, actor=system)
    old = certificates_of(wiki)[0]
    new = add_certificate(wiki, actor=system)
    behind, ahead, both = (old.certificate,), (new.certificate,), (old.certificate, new.certificate)

    def believed():
        return [knows(bob, *certificates) for certificates in (behind, ahead, both)]

    assert published() == [old.der_base64, new.der_base64]
    assert believed() == [True, False, True]
    promote_certificate(new, actor=system)
    assert published() == [new.der_base64, old.der_base64]
    assert believed() == [False, True, True]
    promote_certificate(old, actor=system)  # the way back
    assert published() == [old.der_base64, new.der_base64]
    assert believed() == [True, False, True]
    promote_certificate(new, actor=system)
    retire_certificate(old, actor=system)
    assert published() == [new.der_base64]
    assert believed() == [False, True, True]
    assert not KeyPair.objects.filter(
        pk=old.pk
    ).exists()  # and with it the key: nobody signs as the old one again
    with pytest.raises(CertificateRefused):
        promote_certificate(old, actor=system)


def published():
    """In the order of the metadata, as python3-saml reads it."""
    read = OneLogin_Saml2_IdPMetadataParser.parse(Client().get("/t/acme/saml2/wiki/metadata").content)["idp"]
    found = read.get("x509certMulti", {}).get("signing") or [read["x509cert"]]
    return ["".join(each.split()) for each in found]


def test_what_the_way_back_made_next_does_not_push_another_next_aside(wiki, system):
    first = certificates_of(wiki)[0]
    second = add_certificate(wiki, actor=system)
    promote_certificate(second, actor=system)
    third = add_certificate(wiki, actor=system)
    promote_certificate(first, actor=system)
    assert [(pair.pk, pair.state) for pair in certificates_of(wiki)] == [
        (first.pk, "active"),
        (third.pk, "next"),
        (second.pk, "retiring"),
    ]
