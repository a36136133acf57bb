"""Everything that the console does with a service provider's metadata, by script."""

from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.api.conftest import Script
from tests.saml.metadata import sp_metadata
from tests.saml.metadata_server import MetadataServer, service, several, until

CUSTOM = {"connector": "custom_saml", "display_label": "Wiki"}
XML = "application/samlmetadata+xml"
TWO = several(sp_metadata(entity_id="https://one.example"), sp_metadata(entity_id="https://two.example"))


@pytest.fixture
def sso(api: Script) -> str:
    return f"/applications/{api.post('/applications/', CUSTOM)['id']}/sso/"


@pytest.fixture
def path(sso: str) -> str:
    return f"{sso}service-provider-metadata/"


@pytest.fixture
def server(httpserver: HTTPServer) -> Any:
    return MetadataServer(httpserver)


def test_of_several_one_has_to_be_named_and_the_problem_lists_them(api: Script, sso: str, path: str) -> None:
    answer = api("PUT", path, TWO, content_type=XML)
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == {"entity_id"}
    assert answer.json()["service_providers"] == [
        {"entity_id": f"https://{name}.example", "name": "", "hosts": ["sp.example"]}
        for name in ("one", "two")
    ]
    chosen = api("PUT", f"{path}?entity_id=https://two.example", TWO, content_type=XML)
    assert chosen.json()["sp_entity_id"] == "https://two.example"
    assert api.get(path)["url"] == ""
    wrong = api("PUT", f"{path}?entity_id=https://three.example", TWO, content_type=XML)
    assert wrong.json()["errors"].keys() == {"entity_id"}
    assert api("PUT", f"{path}?entityid=x", TWO, content_type=XML).json()["errors"].keys() == {"entityid"}


def test_of_several_at_an_address_one_is_named_beside_it(
    api: Script, path: str, server: MetadataServer
) -> None:
    server.body = TWO
    assert api.refused("PUT", path, {"url": server.url}).keys() == {"entity_id"}
    chosen = api("PUT", path, {"url": server.url, "entity_id": "https://one.example"})
    assert chosen.json()["sp_entity_id"] == "https://one.example"
    assert api.get(path)["entity_id"] == "https://one.example"


def test_what_was_entered_by_hand_has_no_metadata(api: Script, path: str) -> None:
    assert api("GET", path).status_code == 404
    assert api("DELETE", path).status_code == 404
    assert api.refused("POST", f"{path}refreshes/").keys() == {"url"}
    assert api.refused("POST", f"{path}change/acceptance/", {"digest": "x"}, 409).keys() == {"digest"}
    assert api.refused("POST", f"{path}change/rejection/", {}).keys() == {"digest"}


def test_it_is_refreshed_and_what_waits_is_decided(
    api: Script, sso: str, path: str, server: MetadataServer
) -> None:
    server.attributes = until(days=3)
    api("PUT", path, {"url": server.url})
    told = api.get(path)
    assert (told["url"], told["failures"], told["pending_change"]) == (server.url, 0, None)
    assert told["valid_until"] > told["next_refresh_at"] > told["fetched_at"]
    assert [row["field"] for row in told["changes"]] == ["sp_entity_id", "acs_urls"]
    assert api("POST", f"{path}refreshes/").json()["outcome"] == "unchanged"
    server.acs = service("https://other.example/acs")
    refreshed = api("POST", f"{path}refreshes/").json()
    assert refreshed["outcome"] == "waiting"
    change = refreshed["metadata"]["pending_change"]
    assert change["rows"] == [
        {
            "field": "acs_urls",
            "now": ["https://sp.example/acs (index 0, default)"],
            "proposed": ["https://other.example/acs (index 0, default)"],
        }
    ]
    assert api.refused("POST", f"{path}change/acceptance/", {"digest": "0" * 64}, 409).keys() == {"digest"}
    rejected = api("POST", f"{path}change/rejection/", {"digest": change["digest"]}).json()
    assert rejected["acs_urls"][0]["url"] == "https://sp.example/acs"
    server.acs = service("https://third.example/acs")
    digest = api("POST", f"{path}refreshes/").json()["metadata"]["pending_change"]["digest"]
    accepted = api("POST", f"{path}change/acceptance/", {"digest": digest}).json()
    assert accepted["acs_urls"][0]["url"] == "https://third.example/acs"
    assert api.get(path)["pending_change"] is None
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert api.get(sso) == accepted


def test_a_failure_is_an_answer(api: Script, path: str, server: MetadataServer) -> None:
    api("PUT", path, {"url": server.url})
    server.status = 503
    answer = api("POST", f"{path}refreshes/")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "failed")
    assert "503" in answer.json()["metadata"]["error"]


def test_a_certificate_of_the_signer_is_kept(api: Script, path: str, server: MetadataServer) -> None:
    assert api.refused("PUT", path, {"url": server.url, "signing_certificate": "x"}).keys() == {
        "signing_certificate"
    }
    assert server.requests == []


def test_who_only_reads_decides_nothing(
    api: Script, reader: Script, path: str, server: MetadataServer
) -> None:
    api("PUT", path, {"url": server.url})
    assert reader("GET", path).status_code == 200
    for method, end in (("PUT", ""), ("DELETE", ""), ("POST", "refreshes/"), ("POST", "change/acceptance/")):
        assert reader(method, f"{path}{end}", {}).status_code == 403
