from typing import Any

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.tenants.context import in_tenant


def test_what_would_be_sent_and_why(api: Any, reader: Any, stranger: Any, bob: Any, system: Any) -> None:
    with in_tenant(api.tenant):
        group = add_group(actor=system, name="Engineering")
        gitlab = add_application(
            actor=system, connector="gitlab_saas", display_label="GitLab", parameters={"group_path": "acme"}
        )
        assign_group(gitlab, group, actor=system)
    path = f"/applications/{gitlab.pk}/sso/preview/"
    refused = api.get(f"{path}?user={bob.user.pk}")
    assert (refused["would_get_in"], refused["problems"][0]["code"]) == (False, "not_assigned")
    assert refused["problems"][0]["groups"] == ["Engineering"]
    with in_tenant(api.tenant):
        add_member(group, bob.user, actor=system)
    shown = reader.get(f"{path}?user={bob.user.pk}&start=application")
    assert (shown["would_get_in"], shown["problems"], shown["groups"]) == (True, [], ["Engineering"])
    assert (shown["name_id"], shown["name_id_format"]) == ("bob@acme.example", "persistent")
    assert shown["document"]["recipient"] == "https://gitlab.com/groups/acme/-/saml/callback"
    assert shown["document"]["in_response_to"] == "_preview"
    assert all(part["verifies"] for part in shown["document"]["parts"])
    assert "<saml:NameID" in shown["document"]["xml"]
    assert stranger("GET", f"{path}?user={bob.user.pk}").status_code == 404
    assert "user" in api.refused("GET", path)
    assert "who" in api.refused("GET", f"{path}?user={bob.user.pk}&who=me")


def test_a_stranger_is_nobody_and_a_bookmark_has_none(
    api: Any, charlie: Any, alice: Any, system: Any
) -> None:
    with in_tenant(api.tenant):
        wiki = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        link = add_application(
            actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example/"
        )
    assert "user" in api.refused("GET", f"/applications/{wiki.pk}/sso/preview/?user={charlie.user.pk}")
    answer = api("GET", f"/applications/{link.pk}/sso/preview/?user={alice.user.pk}")
    assert answer.status_code in {400, 404, 409}
    unfinished = api.get(f"/applications/{wiki.pk}/sso/preview/?user={alice.user.pk}")
    assert unfinished["document"] is None
    assert {problem["code"] for problem in unfinished["problems"]} == {"not_configured", "not_assigned"}
