from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import Role
from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.conftest import Person


@pytest.mark.parametrize("path", ["/api-keys/", "/scim-tokens/"])
@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 121}, {"name": "a\u202eb"}, {"name": "x", "owner": "y"}, {"name": "x", "key": "y"}])  # fmt: skip
def test_a_key_needs_a_name_and_nothing_that_it_does_not_have(
    api: Script, path: str, body: dict[str, Any]
) -> None:
    assert api.refused("POST", path, body)


@pytest.mark.parametrize("moment", ["2001-01-01T00:00:00Z", "tomorrow", "", "9999-99-99"])
def test_a_token_expires_in_the_future(api: Script, moment: str) -> None:
    assert api.refused("POST", "/scim-tokens/", {"name": "Okta", "expires_at": moment}).keys() == {
        "expires_at"
    }


def test_another_tenants_keys_are_not_there(api: Script, stranger: Script) -> None:
    for path in ("/api-keys/", "/scim-tokens/"):
        theirs = stranger.post(path, {"name": "canary"})["id"]
        assert api("GET", f"{path}{theirs}/").status_code == 404
        assert api("DELETE", f"{path}{theirs}/").status_code == 404
        assert b"canary" not in api("GET", path).content
        assert stranger.get(f"{path}{theirs}/")["revoked_at"] is None


def test_an_api_key_opens_the_api_until_it_is_revoked(api: Script) -> None:
    made = api.post("/api-keys/", {"name": "Terraform"})
    assert made["owner_username"] == "alice"
    second = Script(api.tenant, api.key, made["key"])
    assert second.get("/users/")
    shown = api.get(f"/api-keys/{made['id']}/")
    assert "key" not in shown
    assert shown["last_used_at"] is not None
    assert api("DELETE", f"/api-keys/{made['id']}/").status_code == 204
    assert second("GET", "/users/").status_code == 401
    assert api.get(f"/api-keys/{made['id']}/")["revoked_at"] is not None


def test_a_scim_token_opens_the_scim_api_until_it_is_revoked(api: Script) -> None:
    made = api.post("/scim-tokens/", {"name": "Okta", "expires_at": "2999-01-01T00:00:00+01:00"})
    assert made["base_url"] == "http://127.0.0.1:8000/t/acme/scim/v2/"
    assert made["expires_at"] == "2998-12-31T23:00:00Z"

    def ask() -> int:
        headers = {"Authorization": f"Bearer {made['token']}"}
        return Client().get("/t/acme/scim/v2/Users", headers=headers).status_code

    assert ask() == 200
    assert api("GET", "/users/", Authorization=f"Bearer {made['token']}").status_code == 401
    assert made["token"] not in api("GET", "/scim-tokens/").content.decode()
    assert api("DELETE", f"/scim-tokens/{made['id']}/").status_code == 204
    assert ask() == 401


def test_an_api_key_is_no_scim_token(api: Script) -> None:
    answer = Client().get("/t/acme/scim/v2/Users", headers={"Authorization": f"Bearer {api.secret}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "wrong"),
    [({}, {"user", "role"}), ({"user": "nonsense", "role": "owner"}, {"user"}), ({"user": None, "role": "king"}, {"user", "role"})],
)  # fmt: skip
def test_a_role_needs_a_person(api: Script, body: dict[str, Any], wrong: set[str]) -> None:
    assert api.refused("POST", "/administrators/", body).keys() == wrong


def test_a_role_is_given_and_taken(api: Script, bob: Person) -> None:
    made = api.post("/administrators/", {"user": str(bob.user.pk), "role": "help_desk"})
    assert (made["username"], made["role"]) == ("bob", "help_desk")
    assert api.post("/administrators/", {"user": str(bob.user.pk), "role": "help_desk"}) == made
    assert api.refused(
        "POST", "/administrators/", {"user": str(bob.user.pk), "role": "owner"}, 409
    ).keys() == {"user"}
    assert made in api.get("/administrators/")["results"]
    assert api("DELETE", f"/administrators/{made['id']}/").status_code == 204
    assert api("GET", f"/administrators/{made['id']}/").status_code == 404
    with in_tenant(api.tenant):
        assert Event.objects.filter(type="admin_delete", actor_kind="api_key").count() == 1


def test_nobody_grants_or_takes_more_than_they_have(
    api: Script, bob: Person, with_role: Callable[[str], Script]
) -> None:
    below = with_role(Role.ADMINISTRATOR)
    assert below("POST", "/administrators/", {"user": str(bob.user.pk), "role": "owner"}).status_code == 403
    owner = next(each for each in api.get("/administrators/")["results"] if each["role"] == "owner")
    assert below("DELETE", f"/administrators/{owner['id']}/").status_code == 403
    assert below.post("/administrators/", {"user": str(bob.user.pk), "role": "administrator"})  # the control


def test_the_command_prints_a_key_that_works(alice: Person) -> None:
    out = StringIO()
    call_command("createapikey", "--tenant", "acme", "--admin", "ALICE", stdout=out)
    headers = {"x-api-key": out.getvalue().strip()}
    assert Client().get("/t/acme/api/v1/users/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("slug", "admin"), [("nobody", "alice"), ("acme", "bob"), ("acme", "nobody"), ("globex", "alice")]
)
def test_the_command_says_what_is_wrong(
    alice: Person, bob: Person, charlie: Person, slug: str, admin: str
) -> None:
    with pytest.raises(CommandError):
        call_command("createapikey", "--tenant", slug, "--admin", admin, stdout=StringIO())
