from apps.applications.actions import add_application
from apps.events.actors import Actor
from apps.provisioning.actions import configure_integration
from apps.tenants.context import in_tenant
from tests.fakes.scim_target import TOKEN

REACH = "a change reaches new accounts only"


def mapping_page(alice, target, connector, **parameters):
    with in_tenant(alice.tenant):
        system = Actor.system()
        application = add_application(
            actor=system, connector=connector, display_label="There", parameters=parameters
        )
        configure_integration(application, actor=system, base_url=target.base_url, token=TOKEN)
    return alice.get(f"/console/applications/{application.pk}/identity-management/mapping/").content.decode()


def test_an_application_whose_accounts_are_never_updated_is_named(alice, target):
    assert REACH in mapping_page(alice, target, "gitlab_saas", group_path="acme")


def test_others_take_changes_and_their_own_attributes_only(alice, target):
    page = mapping_page(alice, target, "blogin", subdomain="acme")
    assert REACH not in page
    assert "There takes these attributes and no others" in page


def test_where_any_attribute_is_taken_rows_can_be_added(alice, target):
    assert "fill the empty rows to add" in mapping_page(alice, target, "custom_saml")
