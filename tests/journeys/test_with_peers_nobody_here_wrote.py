"""python3-saml in strict mode signs a person in both ways; scim2-server gets the accounts and groups. Set up through the REST API."""

import base64
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.installation import Demo
from tests.journeys.browser import Browser, eventually
from tests.journeys.peers import (
    ForeignTarget,
    StrictServiceProvider,
    foreign_scim_server,
    strict_service_provider,
)
from tests.rest import Api


@pytest.fixture(scope="module")
def api(demo: Demo) -> Api:
    return Api(demo)


def test_python3_saml_accepts_both_ways_of_signing_in(demo: Demo, api: Api) -> None:
    with strict_service_provider() as provider:
        application = api.call(
            "POST",
            "applications/",
            json={"connector": "custom_saml", "display_label": "Strict", "slug": "strict"},
        )
        api.call(
            "PUT",
            f"applications/{application['id']}/sso/service-provider-metadata/",
            json={"url": f"{provider.base}/metadata"},
        )
        api.call(
            "POST", f"applications/{application['id']}/assignments/", json={"group": api.group("Everyone")}
        )
        provider.idp_metadata = requests.get(application["metadata_url"], timeout=10).text

        ann = demo.browser("user")
        _post(ann, ann.open("launch/strict"))
        assert provider.errors == []
        assert provider.signed_in[-1]["name_id"] == "ann.lee@acme.example"
        assert provider.signed_in[-1]["in_response_to"] is None
        assert provider.signed_in[-1]["attributes"]["email"] == ["ann.lee@acme.example"]

        stranger = demo.browser()
        page = stranger.open(f"{provider.base}/login")
        _post(stranger, stranger.submit(page, having="password", **demo.facts["user"]))
        assert provider.errors == []
        assert provider.signed_in[-1]["in_response_to"]
        assert provider.signed_in[-1]["relay_state"] == f"{provider.base}/home"
        _a_changed_response_is_refused(demo, provider)


def _post(browser: Browser, page: Any) -> Any:
    return browser.submit(page, having="SAMLResponse")


def _a_changed_response_is_refused(demo: Demo, provider: StrictServiceProvider) -> None:
    """Negative control: the peer does check."""
    ann = demo.browser("user")
    page = ann.open("launch/strict")
    response = base64.b64decode(page.form(having="SAMLResponse").fields["SAMLResponse"])
    forged = base64.b64encode(response.replace(b"ann.lee@acme.example", b"eve.lee@acme.example")).decode()
    accepted = len(provider.signed_in)
    ann.submit(page, having="SAMLResponse", SAMLResponse=forged)
    assert provider.errors
    assert len(provider.signed_in) == accepted


def test_scim2_server_follows_the_groups(tmp_path: Path, api: Api) -> None:
    with foreign_scim_server(tmp_path) as target:
        application = api.call(
            "POST",
            "applications/",
            json={"connector": "custom_saml", "display_label": "Foreign", "slug": "foreign"},
        )
        path = f"applications/{application['id']}"
        api.call("POST", f"{path}/assignments/", json={"group": api.group("Marketing")})
        settings = {"base_url": target.base_url, "token": target.token, "manage_groups": True}
        configured = api.call("PUT", f"{path}/identity-management/", json=settings)
        assert target.token not in str(configured)
        assert api.call("GET", f"{path}/identity-management/plan/")
        api.call("POST", f"{path}/identity-management/activation/")
        eventually(lambda: _people(target) == {"sam.okafor": True, "chloe.martin": True})
        eventually(lambda: _group(target) == ("Marketing", 2))

        chloe = next(user["id"] for user in api.call("GET", "users/?q=chloe")["results"])
        api.call("DELETE", f"groups/{api.group('Marketing')}/members/{chloe}/")
        eventually(lambda: _people(target) == {"sam.okafor": True, "chloe.martin": False})
        eventually(lambda: _group(target) == ("Marketing", 1))


def _people(target: ForeignTarget) -> dict[str, bool]:
    return {user["userName"]: user.get("active", True) for user in target.resources("Users")}


def _group(target: ForeignTarget) -> tuple[str, int]:
    groups = target.resources("Groups")
    return (
        (groups[0]["displayName"], len(groups[0].get("members") or []))
        if len(groups) == 1
        else ("", len(groups))
    )
