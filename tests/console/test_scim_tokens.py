import re

from apps.scim.models import ScimToken
from apps.tenants.context import in_tenant


def test_a_token_needs_a_name_and_a_day_to_come(alice):
    assert alice.post("/console/sources/", {"name": ""}).status_code == 422
    past = alice.post("/console/sources/", {"name": "Okta", "expires_at": "2001-01-01"})
    assert past.status_code == 422
    assert b"This lies in the past." in past.content
    with in_tenant(alice.tenant):
        assert not ScimToken.objects.exists()


def test_the_secret_is_shown_once_and_never_again(alice):
    page = alice.post("/console/sources/", {"name": "Okta"}).content.decode()
    secret = re.search(r"gh_scim_[A-Za-z0-9_-]+", page)
    assert secret is not None
    assert "shown only once" in page
    later = alice.get("/console/sources/").content.decode()
    assert secret[0] not in later
    assert ">Waiting<" in later


def test_the_secret_that_was_shown_opens_the_scim_api(alice, client):
    page = alice.post("/console/sources/", {"name": "Okta"}).content.decode()
    secret = re.search(r'data-copy="(gh_scim_[^"]+)"', page)
    assert secret is not None
    headers = {"authorization": f"Bearer {secret[1]}"}
    assert client.get("/t/acme/scim/v2/Users", headers=headers).status_code == 200
    assert client.get("/t/acme/scim/v2/Users", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert ">Waiting<" not in alice.get("/console/sources/").content.decode()


def test_revoking_asks_first(alice):
    alice.post("/console/sources/", {"name": "Okta"})
    with in_tenant(alice.tenant):
        token = ScimToken.objects.get()
    assert b"is refused" in alice.get(f"/console/sources/{token.pk}/revocation/").content
    alice.post(f"/console/sources/{token.pk}/revocation/")
    assert b"Revoked" in alice.get("/console/sources/").content
