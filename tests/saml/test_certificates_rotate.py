import pytest
from cryptography import x509
from django.db import connection

from apps.applications.actions import add_application
from apps.events.models import Event
from apps.lib.errors import SealBroken
from apps.saml.actions.key_pairs import (
    add_certificate,
    certificates_of,
    promote_certificate,
    retire_certificate,
)
from apps.saml.actions.settings import sso_of
from apps.saml.errors import CertificateRefused
from apps.saml.models import KeyPair

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
