from typing import Any

from apps.applications.actions import add_application
from apps.tenants.context import in_tenant


def test_a_guide_has_this_tenants_values(api: Any, stranger: Any, system: Any) -> None:
    with in_tenant(api.tenant):
        pulumi = add_application(
            actor=system, connector="pulumi", display_label="Pulumi", parameters={"organization": "Acme"}
        )
        link = add_application(
            actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example/"
        )
    guide = api.get(f"/applications/{pulumi.pk}/guide/")
    values = {row["value"] for step in guide["sign_on"] + guide["accounts"] for row in step["values"]}
    assert "http://127.0.0.1:8000/t/acme/saml2/pulumi/metadata" in values
    assert "https://api.pulumi.com/scim/v2/Acme" in values
    assert [step["done"] for step in guide["sign_on"]] == [True, None, None, None, None, False, False]
    assert guide["accounts"][-1] == guide["accounts"][-1] | {"page": "identity", "done": False}
    assert api("GET", f"/applications/{link.pk}/guide/").status_code == 404
    assert stranger("GET", f"/applications/{pulumi.pk}/guide/").status_code == 404


def test_rules_of_the_connector_are_told(api: Any, system: Any) -> None:
    with in_tenant(api.tenant):
        gitlab = add_application(
            actor=system, connector="gitlab_saas", display_label="GitLab", parameters={"group_path": "acme"}
        )
    path = f"/applications/{gitlab.pk}/sso/"
    assert api.get(path)["advice"] == []
    assert "name_id_format" in api.refused("PATCH", path, {"name_id_format": "transient"}, 400)
    warned = api("PATCH", path, {"name_id_source": "username"}).json()["advice"]
    assert len(warned) == 1
    assert "externalId" in warned[0]
