import pytest

from apps.lib.crypto import new_key_pair
from apps.saml.actions.settings import sso_of
from apps.tenants.context import in_tenant
from tests.console.test_sign_on import values


@pytest.fixture
def path(gitlab):
    return f"/console/applications/{gitlab.pk}/sso/"


def test_without_a_certificate_the_switch_is_refused_in_a_sentence(alice, path):
    sent = values(alice.get(path).content.decode()) | {"encrypt_assertion": "on"}
    page = alice.post(path, sent)
    assert page.status_code == 422
    assert b"Add the certificate that the service provider reads encrypted assertions with" in page.content
    assert b'href="#id_encrypt_assertion"' in page.content


def test_with_one_it_is_switched_on_and_off_again(alice, gitlab, path):
    certificate = new_key_pair("sp.example", 30).certificate
    on = {"encrypt_assertion": "on", "sp_encryption_certificate": certificate, "oaep_digest": "sha256"}
    assert alice.post(path, values(alice.get(path).content.decode()) | on).status_code == 302
    with in_tenant(alice.tenant):
        kept = sso_of(gitlab)
    assert (kept.encrypt_assertion, kept.sp_encryption_certificate, kept.oaep_digest) == (
        True,
        certificate,
        "sha256",
    )
    sent = values(alice.get(path).content.decode())
    assert sent.pop("encrypt_assertion") == "on"
    assert alice.post(path, sent).status_code == 302
    with in_tenant(alice.tenant):
        assert (sso_of(gitlab).encrypt_assertion, sso_of(gitlab).sp_encryption_certificate) == (
            False,
            certificate,
        )
