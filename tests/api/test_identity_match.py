from typing import Any

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import RemoteUser
from apps.tenants.context import in_tenant


def test_name_id_and_account_side_by_side(api: Any, stranger: Any, alice: Any, bob: Any, system: Any) -> None:
    with in_tenant(api.tenant):
        group = add_group(actor=system, name="Engineering")
        for who in (alice, bob):
            add_member(group, who.user, actor=system)
        gitlab = add_application(
            actor=system, connector="gitlab_saas", display_label="GitLab", parameters={"group_path": "acme"}
        )
        assign_group(gitlab, group, actor=system)
        integration = configure_integration(gitlab, actor=system, base_url="https://gitlab.com/api/scim/v2/x")
        RemoteUser.objects.create(
            integration=integration,
            user=bob.user,
            name="Bob",
            remote_id="old",
            sent={"externalId": "old", "userName": "bob"},
        )
    path = f"/applications/{gitlab.pk}/identity-match/"
    everybody = api.get(path)["results"]
    assert {row["user"]["name"]: row["match"] for row in everybody} == {
        "Alice Example": "same",
        "Bob Example": "differs",
    }
    (row,) = api.get(f"{path}?match=differs&limit=1")["results"]
    assert (row["name_id"], row["user_name"], row["external_id"], row["remote_id"]) == (
        "bob@acme.example",
        "bob",
        "old",
        "old",
    )
    assert (row["certain"], row["sentence"]) == (True, "NameID is not the externalId.")
    assert "match" in api.refused("GET", f"{path}?match=maybe")
    assert stranger("GET", path).status_code == 404


def test_a_bookmark_has_none(api: Any, system: Any) -> None:
    with in_tenant(api.tenant):
        link = add_application(
            actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example/"
        )
    assert api("GET", f"/applications/{link.pk}/identity-match/").status_code == 404
