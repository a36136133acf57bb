import re

import pytest

from apps.accounts.actions import add_administrator
from apps.accounts.models import Role
from apps.api.models import ApiKey
from apps.tenants.context import in_tenant

PAGE = "/console/api-keys/"


def secret_on(response):
    found = re.search(r'data-copy="(gh_api_[^"]+)"', response.content.decode())
    return found[1] if found else ""


def test_people_without_a_role_are_refused(bob):
    assert bob.get(PAGE).status_code == 403
    assert bob.post(PAGE, {"name": "mine"}).status_code == 403


def test_a_read_only_administrator_makes_no_key(bob, system):
    with in_tenant(bob.tenant):
        add_administrator(bob.user, actor=system, role=Role.READ_ONLY)
    assert "New key" not in bob.get(PAGE).content.decode().partition("<main")[2]
    assert bob.post(PAGE, {"name": "mine"}).status_code == 403


@pytest.mark.parametrize("name", ["", "\u202eevil", "x" * 200])
def test_a_name_that_cannot_be_is_a_form_error(alice, name):
    response = alice.post(PAGE, {"name": name})
    assert response.status_code == 422
    assert 'href="#id_name"' in response.content.decode()
    with in_tenant(alice.tenant):
        assert not ApiKey.objects.exists()


def test_the_secret_is_shown_once_and_opens_the_api(alice, client):
    secret = secret_on(alice.post(PAGE, {"name": "Nightly report"}))
    assert secret
    assert secret not in alice.get(PAGE).content.decode()
    answer = client.get("/t/acme/api/v1/users/", headers={"x-api-key": secret})
    assert answer.status_code == 200


def test_a_key_belongs_to_who_made_it(alice):
    alice.post(PAGE, {"name": "Nightly report"})
    with in_tenant(alice.tenant):
        assert ApiKey.objects.get().owner.user == alice.user
    assert "Alice Example" in alice.get(PAGE).content.decode().partition("<main")[2]


def test_revoking_asks_first_and_ends_it(alice, client):
    secret = secret_on(alice.post(PAGE, {"name": "Nightly report"}))
    with in_tenant(alice.tenant):
        key = ApiKey.objects.get()
    assert "is refused" in alice.get(f"{PAGE}{key.pk}/revocation/").content.decode()
    alice.post(f"{PAGE}{key.pk}/revocation/")
    assert "Revoked" in alice.get(PAGE).content.decode()
    assert client.get("/t/acme/api/v1/users/", headers={"x-api-key": secret}).status_code == 401


def test_another_tenants_key_is_not_there(alice, charlie):
    alice.post(PAGE, {"name": "canary"})
    with in_tenant(alice.tenant):
        key = ApiKey.objects.get()
    assert charlie.post(f"{PAGE}{key.pk}/revocation/").status_code == 404
    assert "canary" not in charlie.get(PAGE).content.decode()
