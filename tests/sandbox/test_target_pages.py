"""What people see of a SCIM target, and its switches."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from apps.sandbox import actions
from apps.sandbox.models import SandboxTarget, TargetKind
from apps.tenants.models import Tenant
from tests.conftest import Person
from tests.sandbox.conversation import Scim

PAGES = ["", "accounts/", "teams/", "requests/", "settings/"]
USER = {
    "userName": "mia@example.com",
    "externalId": "mia@example.com",
    "emails": [{"type": "work", "value": "mia@example.com"}],
    "name": {"givenName": "Mia", "familyName": "Example"},
}


@pytest.mark.parametrize("page", [*PAGES, "fault", "token"])
def test_strangers_sign_in_first_and_other_tenants_find_nothing(
    target_of: Callable[..., Scim], bob: Person, charlie: Person, page: str
) -> None:
    target_of("generic")
    path = f"/sandbox/targets/generic/{page}"
    call = "post" if page in {"fault", "token"} else "get"
    anonymous = getattr(Client(), call)(bob.url(path))
    assert (anonymous.status_code, "/login/" in anonymous.headers["Location"]) == (302, True)
    assert getattr(charlie, call)(path).status_code == 404
    assert getattr(bob, call)(path).status_code in {200, 302}


def test_the_index_lists_what_the_tenant_has(
    target_of: Callable[..., Scim], bob: Person, charlie: Person
) -> None:
    target_of("pulumi", slug="their-pulumi")
    assert "/sandbox/scim/their-pulumi" in bob.get("/sandbox/").content.decode()
    assert "their-pulumi" not in charlie.get("/sandbox/").content.decode()


@pytest.mark.parametrize("kind", TargetKind.values)
def test_accounts_teams_and_requests_are_shown(
    target_of: Callable[..., Scim], bob: Person, kind: str
) -> None:
    caller = target_of(kind, slug="target", group_links=["Engineering"])
    created = caller.send("POST", "/Users", USER if kind != "pulumi" else USER | {"externalId": "e"})
    assert created.status_code == 201, created.content
    team = caller.send("POST", "/Groups", {"displayName": "Engineering"})
    assert team.status_code == (404 if kind == "gitlab_saas" else 201)
    accounts = bob.get("/sandbox/targets/target/accounts/").content.decode()
    assert "mia@example.com" in accounts
    assert created.json()["id"] in accounts
    assert "Active" in accounts
    teams = bob.get("/sandbox/targets/target/teams/").content.decode()
    assert ("Engineering" in teams) == (kind != "gitlab_saas")
    requests = bob.get("/sandbox/targets/target/requests/").content.decode()
    assert "POST /Users" in requests
    assert caller.token not in requests


def test_an_inactive_account_is_named_as_the_product_names_it(
    target_of: Callable[..., Scim], bob: Person
) -> None:
    caller = target_of("gitlab_self_managed", slug="target")
    caller.send("POST", "/Users", USER)
    caller.send("DELETE", "/Users/mia@example.com")
    assert "Blocked" in bob.get("/sandbox/targets/target/accounts/").content.decode()


def test_what_a_caller_sends_is_escaped(target_of: Callable[..., Scim], bob: Person) -> None:
    caller = target_of("generic", slug="target")
    caller.send("POST", "/Users", {"userName": "<script>alert(1)</script>", "title": "<b>x"})
    for page in PAGES[1:]:
        shown = bob.get(f"/sandbox/targets/target/{page}").content.decode()
        assert "<script>alert" not in shown
        assert "<b>x" not in shown


def test_faults_are_switched_on_and_off_from_the_page(target_of: Callable[..., Scim], bob: Person) -> None:
    caller = target_of("generic", slug="target")
    for bad in ({"fault": "earthquake"}, {"fault": "slow", "count": "0"}, {"fault": "slow", "count": "1000"}):
        assert bob.post("/sandbox/targets/target/fault", bad).status_code == 422
    assert caller.send("GET", "/Users").status_code == 200
    assert (
        bob.post("/sandbox/targets/target/fault", {"fault": "server_error", "count": "5"}).status_code == 302
    )
    assert caller.send("GET", "/Users").status_code == 500
    assert bob.post("/sandbox/targets/target/fault", {"fault": ""}).status_code == 302
    assert caller.send("GET", "/Users").status_code == 200


def test_a_new_token_is_shown_once_and_works(target_of: Callable[..., Scim], bob: Person) -> None:
    caller = target_of("generic", slug="target")
    page = bob.post("/sandbox/targets/target/token").content.decode()
    token = re.search(r"sandbox_scim_[0-9a-f_]+", page)
    assert token
    assert caller.send("GET", "/Users").status_code == 401
    assert Scim(caller.target, token[0]).send("GET", "/Users").status_code == 200
    for other in PAGES[1:]:
        assert token[0] not in bob.get(f"/sandbox/targets/target/{other}").content.decode()


def test_group_links_and_domains_are_kept_line_by_line(inside: Tenant, bob: Person) -> None:
    target, _ = actions.add_target(slug="target", label="T", kind="gitlab_self_managed")
    lines = {"group_links": "Engineering\r\n\r\n Sales \r\nSales", "email_domains": ""}
    assert bob.post("/sandbox/targets/target/settings/", {"group_links": "x" * 5000}).status_code == 422
    assert bob.post("/sandbox/targets/target/settings/", lines).status_code == 302
    target.refresh_from_db()
    assert (target.group_links, target.email_domains) == (["Engineering", "Sales"], [])
    assert "Engineering\nSales</textarea>" in bob.get("/sandbox/targets/target/settings/").content.decode()


@pytest.mark.parametrize(
    "typed",
    [{}, {"label": "", "kind": "pulumi"}, {"label": "…", "kind": "pulumi"}, {"label": "X", "kind": "no"}],
)
def test_a_target_that_cannot_be_is_refused_in_place(bob: Person, typed: dict[str, str]) -> None:
    answer = bob.post("/sandbox/targets", {f"target-{name}": value for name, value in typed.items()})
    assert answer.status_code == 422
    assert not SandboxTarget.unscoped.exists()


def test_a_name_that_is_taken_is_refused(target_of: Callable[..., Scim], bob: Person) -> None:
    target_of("pulumi", slug="my-pulumi")
    answer = bob.post("/sandbox/targets", {"target-label": "My Pulumi", "target-kind": "pulumi"})
    assert answer.status_code == 422
    assert "already" in answer.content.decode()


def test_a_new_target_shows_its_token_once_and_opens_with_it(bob: Person, client: Client) -> None:
    made = bob.post(
        "/sandbox/targets", {"target-label": "My Pulumi", "target-kind": "pulumi"}
    ).content.decode()
    token = re.search(r"sandbox_scim_\w+", made)
    assert token is not None
    users = bob.url("/sandbox/scim/my-pulumi/Users")
    assert client.get(users, HTTP_AUTHORIZATION=f"Bearer {token[0]}").status_code == 200
    assert client.get(users, HTTP_AUTHORIZATION="Bearer wrong").status_code == 401
    assert token[0] not in bob.get("/sandbox/targets/my-pulumi/settings/").content.decode()


@pytest.mark.parametrize(
    ("label", "slug"),
    [("my_pulumi", "my-pulumi"), ("_x_", "x"), (f"{'a' * 49} and more", "a" * 49)],
    ids=["underscores", "underscores alone", "cut at a blank"],
)
def test_every_name_has_an_address(inside: Tenant, bob: Person, label: str, slug: str) -> None:
    made = bob.post("/sandbox/targets", {"target-label": label, "target-kind": "pulumi"})
    assert made.status_code == 200
    assert SandboxTarget.objects.get().slug == slug


def test_a_new_service_provider_has_its_page(bob: Person) -> None:
    answer = bob.post("/sandbox/service-providers", {"provider-label": "My SP", "provider-kind": "generic"})
    assert answer.headers["Location"].endswith("/sandbox/sp/my-sp/")
    assert bob.get("/sandbox/sp/my-sp/metadata").status_code == 200
