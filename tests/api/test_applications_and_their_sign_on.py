from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from apps.applications.catalog import CATALOG
from apps.events.models import Event
from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.saml.conftest import sp_metadata

GITLAB = {
    "connector": "gitlab_saas",
    "display_label": "GitLab",
    "parameters": {"group_path": "acme-robotics"},
}
CUSTOM = {"connector": "custom_saml", "display_label": "Wiki"}
BOOKMARK = {"connector": "bookmark", "display_label": "News", "bookmark_url": "https://news.example/"}
XML = "application/samlmetadata+xml"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"connector": "nothing"}, "connector"), ({"connector": None}, "connector"), ({"display_label": ""}, "display_label"),
        ({"display_label": "a\u202eb"}, "display_label"), ({"slug": "Not A Slug"}, "slug"), ({"slug": "-x"}, "slug"),
        ({"parameters": {"group_path": "a/../b"}}, "group_path"), ({"parameters": {}}, "group_path"), ({"parameters": []}, "parameters"),
        ({"parameters": {"group_path": "x", "host": "y"}}, "host"), ({"parameters": {"group_path": ["x"]}}, "parameters.group_path"),
        ({"colour": "mauve"}, "colour"), ({"show_in_launcher": "perhaps"}, "show_in_launcher"), ({"description": "x" * 257}, "description"),
        ({"id": "x"}, "id"), ({"state": "active"}, "state"), ({"sso_url": "x"}, "sso_url"),
    ],
)  # fmt: skip
def test_an_application_with_a_wrong_value_is_refused_by_name(
    api: Script, wrong: dict[str, Any], field: str
) -> None:
    assert field in api.refused("POST", "/applications/", GITLAB | wrong)
    assert api.get("/applications/")["results"] == []


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "news.example", "ftp://news.example/"])
def test_a_bookmark_leads_to_a_web_address(api: Script, url: str) -> None:
    assert api.refused("POST", "/applications/", BOOKMARK | {"bookmark_url": url}).keys() == {"bookmark_url"}


def test_another_tenants_applications_are_not_there(api: Script, stranger: Script) -> None:
    theirs = stranger.post("/applications/", CUSTOM | {"display_label": "canary"})["id"]
    group = stranger.post("/groups/", {"name": "canary"})["id"]
    stranger.post(f"/applications/{theirs}/assignments/", {"group": group})
    certificate = stranger.get(f"/applications/{theirs}/sso/certificates/")["results"][0]["id"]
    own = api.post("/applications/", CUSTOM)["id"]
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "assignments/"), ("POST", "assignments/"), ("DELETE", f"assignments/{group}/"),
        ("GET", "sso/"), ("PATCH", "sso/"), ("GET", "sso/certificates/"), ("POST", "sso/certificates/"), ("GET", "identity-management/"),
        ("PUT", "sso/service-provider-metadata/"), ("GET", f"sso/certificates/{certificate}/"),
        ("POST", f"sso/certificates/{certificate}/promotion/"), ("GET", "jobs/"), ("GET", "remote-users/"), ("GET", "identity-management/plan/"),
    ):  # fmt: skip
        answer = api(
            method, f"/applications/{theirs}/{path}", {"group": group} if path == "assignments/" else {}
        )
        assert answer.status_code in {404, 400}, (method, path)
        assert b"canary" not in answer.content
    assert api("GET", f"/applications/{own}/sso/certificates/{certificate}/").status_code == 404
    assert api.refused("POST", f"/applications/{own}/assignments/", {"group": group}).keys() == {"group"}
    assert stranger.get(f"/applications/{theirs}/")["display_label"] == "canary"  # the control


def test_the_catalogue_says_what_each_connector_asks_for(api: Script) -> None:
    catalog = api.get("/catalog/")
    assert {each["key"] for each in catalog["results"]} == set(CATALOG)
    gitlab = api.get("/catalog/gitlab_saas/")
    assert gitlab in catalog["results"]
    assert [each["name"] for each in gitlab["parameters"]] == ["group_path"]
    assert (gitlab["label"], gitlab["sso"], gitlab["identity_management"], gitlab["bookmark"]) == (
        "GitLab",
        True,
        True,
        False,
    )
    assert api.get("/catalog/bookmark/")["sso"] is False


def test_an_application_is_made_changed_switched_off_and_removed(api: Script) -> None:
    made = api.post(
        "/applications/", GITLAB | {"slug": "gitlab-acme", "description": "Code", "show_in_launcher": False}
    )
    assert made["slug"] == "gitlab-acme"
    assert made["sso_url"] == "http://127.0.0.1:8000/t/acme/saml2/gitlab-acme"
    assert made["metadata_url"] == f"{made['sso_url']}/metadata"
    assert made["certificate_url"] == f"{made['sso_url']}/certificate"
    assert (made["connector"], made["state"], made["show_in_launcher"]) == ("gitlab_saas", "active", False)
    assert api.client.get(made["metadata_url"].removeprefix("http://127.0.0.1:8000")).status_code == 200
    path = f"/applications/{made['id']}/"
    changed = api(
        "PATCH", path, {"display_label": "Code", "parameters": {"group_path": "other"}, "state": "inactive"}
    ).json()
    assert (changed["display_label"], changed["parameters"], changed["state"]) == (
        "Code",
        {"group_path": "other"},
        "inactive",
    )
    assert api.get(path) == changed
    assert api.get("/applications/")["results"] == [changed]
    assert api("PATCH", path, {"state": "active"}).json()["state"] == "active"
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404


def test_logout_addresses_are_read_and_written(api: Script) -> None:
    path = f"/applications/{api.post('/applications/', GITLAB)['id']}/sso/"
    assert (api.get(path)["slo_url"], api.get(path)["slo_binding"]) == ("", "redirect")
    wanted = {
        "slo_url": "https://sp.example/slo",
        "slo_binding": "post",
        "slo_response_url": "https://sp.example/r",
    }
    changed = api("PATCH", path, wanted).json()
    assert {name: changed[name] for name in wanted} == wanted
    for wrong in ({"slo_url": "http://sp.example/slo"}, {"slo_binding": "soap"}):
        assert api("PATCH", path, wrong).status_code == 400


def test_the_sign_on_address_is_fixed_for_good(api: Script) -> None:
    path = f"/applications/{api.post('/applications/', GITLAB)['id']}/"
    assert api.refused("PATCH", path, {"slug": "other", "connector": "pulumi"}).keys() == {
        "slug",
        "connector",
    }
    assert api.refused("POST", "/applications/", GITLAB | {"slug": "gitlab"}, 409).keys() == {"slug"}
    assert api.post("/applications/", GITLAB)["slug"] == "gitlab-2"


def test_a_change_that_is_refused_changes_nothing(api: Script) -> None:
    made = api.post("/applications/", GITLAB)
    path = f"/applications/{made['id']}/"
    assert api.refused(
        "PATCH", path, {"display_label": "New", "parameters": {"group_path": "a/b"}}
    ).keys() == {"group_path"}
    assert api.get(path) == made


def test_a_bookmark_has_no_sign_on(api: Script) -> None:
    made = api.post("/applications/", BOOKMARK)
    assert (made["sso_url"], made["metadata_url"], made["certificate_url"]) == (None, None, None)
    for path in ("sso/", "sso/certificates/"):
        assert api("GET", f"/applications/{made['id']}/{path}").status_code == 404
    errors = api.refused(
        "PUT", f"/applications/{made['id']}/identity-management/", {"base_url": "https://x.example/scim"}
    )
    assert errors.keys() == {""}


def test_groups_are_bound_and_released(api: Script) -> None:
    application, group = api.post("/applications/", CUSTOM), api.post("/groups/", {"name": "Engineering"})
    path = f"/applications/{application['id']}/assignments/"
    made = api.post(path, {"group": group["id"]})
    assert (made["group"], made["group_name"]) == (group["id"], "Engineering")
    assert api.post(path, {"group": group["id"]}) == made
    assert api.get(path)["results"] == [made]
    assert api.get(f"{path}{group['id']}/") == made
    assert api("DELETE", f"{path}{group['id']}/").status_code == 204
    assert api("DELETE", f"{path}{group['id']}/").status_code == 404
    assert api.get(path)["results"] == []


@pytest.fixture
def sso(api: Script) -> str:
    return f"/applications/{api.post('/applications/', CUSTOM)['id']}/sso/"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"acs_urls": ["javascript:alert(1)"]}, "acs_urls"), ({"acs_urls": "x"}, "acs_urls"), ({"acs_urls": [{"uri": "x"}]}, "acs_urls"),
        ({"name_id_format": "nonsense"}, "name_id_format"), ({"name_id_source": "password"}, "name_id_source"),
        ({"signature_algorithm": "rsa-sha1"}, "signature_algorithm"), ({"sign_response": False, "sign_assertion": False}, "sign_assertion"),
        ({"attributes": [{"name": "x", "source": "password"}]}, "attributes"), ({"attributes": [{"name": "a\ufffe"}]}, "attributes"),
        ({"sp_certificates": ["nonsense"]}, "sp_certificates"), ({"require_signed_requests": True}, "require_signed_requests"),
        ({"encrypt_assertion": True}, "encrypt_assertion"), ({"sp_encryption_certificate": "nonsense"}, "sp_encryption_certificate"),
        ({"encryption_algorithm": "aes256-cbc"}, "encryption_algorithm"), ({"oaep_digest": "md5"}, "oaep_digest"),
        ({"complete": True}, "complete"), ({"private_key": "x"}, "private_key"), ({"sp_entity_id": "x" * 1025}, "sp_entity_id"),
    ],
)  # fmt: skip
def test_a_wrong_value_of_the_sign_on_is_refused_by_name(
    api: Script, sso: str, wrong: dict[str, Any], field: str
) -> None:
    before = api.get(sso)
    assert api.refused("PATCH", sso, wrong).keys() == {field}
    assert api.get(sso) == before


def test_the_sign_on_is_set_up_field_by_field(api: Script, sso: str) -> None:
    fields = {
        "sp_entity_id": "https://wiki.example/saml",
        "acs_urls": ["https://wiki.example/acs"],
        "name_id_format": "persistent",
        "name_id_source": "username",
        "default_relay_state": "/home",
        "login_url": "https://wiki.example/login",
        "signature_algorithm": "rsa-sha512",
        "attributes": [{"name": "mail", "source": "email"}],
    }
    assert api.get(sso)["complete"] is False
    changed = api("PATCH", sso, fields).json()
    assert changed["complete"] is True
    assert changed["idp_initiated"] is True
    assert api("PATCH", sso, {"idp_initiated": False}).json()["idp_initiated"] is False
    changed = api("PATCH", sso, {"idp_initiated": True}).json()
    assert changed["acs_urls"] == [{"url": "https://wiki.example/acs", "index": 0, "is_default": True}]
    assert changed["attributes"][0]["source"] == "email"
    assert {name: changed[name] for name in fields if isinstance(fields[name], str)} == {
        name: value for name, value in fields.items() if isinstance(value, str)
    }
    assert api.get(sso) == changed


def test_persistent_alone_is_a_random_name(api: Script, sso: str) -> None:
    assert api("PATCH", sso, {"name_id_format": "persistent"}).json()["name_id_source"] == "persistent_id"
    wrong = {"name_id_format": "emailAddress", "name_id_source": "persistent_id"}
    assert api.refused("PATCH", sso, wrong).keys() == {"name_id_source"}


def test_a_connector_fills_the_sign_on(api: Script) -> None:
    made = api.post("/applications/", GITLAB)
    sso = api.get(f"/applications/{made['id']}/sso/")
    assert sso["acs_urls"][0]["url"] == "https://gitlab.com/groups/acme-robotics/-/saml/callback"


@pytest.mark.parametrize("content_type", [XML, "application/xml", "text/xml; charset=utf-8"])
def test_metadata_is_taken_over(api: Script, sso: str, content_type: str) -> None:
    xml = sp_metadata()
    answer = api("PUT", f"{sso}service-provider-metadata/", xml, content_type=content_type)
    assert answer.status_code == 200
    assert answer.json()["complete"] is True
    assert answer.json() == api.get(sso)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", XML, 400), (b"<a/>", XML, 400), (b"\xff\xfe", XML, 400), (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", XML, 400),
        (b"x" * (1024 * 1024 + 1), XML, 413), (b"{}", "application/json", 400), (b'{"url": "file:///etc/passwd"}', "application/json", 400),
        (b'{"url": "http://10.0.0.1/x"}', "application/json", 400), (b'{"url": 5, "xml": "x"}', "application/json", 400),
        (b"<a/>", "text/html", 415),
    ],
)  # fmt: skip
def test_metadata_that_cannot_be_taken_over_changes_nothing(
    api: Script, sso: str, body: bytes, content_type: str, status: int
) -> None:
    before = api.get(sso)
    answer = api("PUT", f"{sso}service-provider-metadata/", body, content_type=content_type)
    assert answer.status_code == status, answer.content
    assert api.get(sso) == before


def test_metadata_is_fetched_from_its_address(api: Script, sso: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/metadata").respond_with_data(sp_metadata())
    answer = api("PUT", f"{sso}service-provider-metadata/", {"url": httpserver.url_for("/metadata")})
    assert answer.json()["complete"] is True
    gone = api.refused("PUT", f"{sso}service-provider-metadata/", {"url": httpserver.url_for("/nothing")})
    assert gone.keys() == {"url"}


def test_certificates_are_made_promoted_and_retired(api: Script, sso: str) -> None:
    path = f"{sso}certificates/"
    (first,) = api.get(path)["results"]
    assert first["state"] == "active"
    assert first["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert len(first["fingerprint_sha1"].split(":")) == 20
    assert len(first["fingerprint_sha256"].split(":")) == 32
    second = api.post(path, {})
    assert second["state"] == "next"
    assert api.refused("POST", path, {}, 409).keys() == {"certificate"}
    assert api.refused("POST", f"{path}{first['id']}/promotion/", None, 409)
    assert api.refused("POST", f"{path}{first['id']}/retirement/", None, 409)
    assert api("POST", f"{path}{second['id']}/promotion/").json()["state"] == "active"
    assert [each["state"] for each in api.get(path)["results"]] == ["active", "retiring"]
    assert api.get(f"{path}{first['id']}/")["state"] == "retiring"
    assert api("POST", f"{path}{first['id']}/retirement/").status_code == 204
    assert [each["id"] for each in api.get(path)["results"]] == [second["id"]]


def test_private_keys_are_never_told(api: Script, sso: str) -> None:
    told = b"".join(
        api("GET", path).content
        for path in (sso, f"{sso}certificates/", "/events/?limit=200", "/applications/")
    )
    with in_tenant(api.tenant):
        key = KeyPair.objects.get().private_key
        assert "PRIVATE KEY" in key
        assert Event.objects.filter(type="certificate_create").exists()
    assert b"PRIVATE" not in told
    assert key.splitlines()[1].encode() not in told
