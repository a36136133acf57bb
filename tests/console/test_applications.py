import io

import pytest
from PIL import Image

from apps.applications.actions import (
    add_application,
    assign_group,
    assign_groups,
    remove_application,
    update_application,
)
from apps.applications.models import Application, Assignment
from apps.directory.actions import add_group, add_members, remove_group
from apps.directory.models import Group
from apps.events.models import Event
from apps.provisioning.actions import configure_integration
from apps.tenants.context import in_tenant

NEW = {
    "display_label": "GitLab Acme",
    "description": "Source code",
    "parameter_group_path": "acme-robotics",
    "show_in_launcher": "on",
}


def picture() -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "PNG")
    data.seek(0)
    data.name = "logo.png"
    return data


def only(tenant):
    with in_tenant(tenant):
        return Application.objects.get()


@pytest.mark.parametrize(
    ("values", "words", "field"),
    [
        ({"display_label": ""}, "This field is required.", "id_display_label"),
        ({"parameter_group_path": "a group/with slash"}, "Enter a value such as", "id_parameter_group_path"),
        ({"slug": "Not A Slug"}, "Use lower-case letters", "id_slug"),
    ],
)
def test_a_refused_application_loses_nothing_that_was_typed(alice, values, words, field):
    response = alice.post("/console/catalog/gitlab_saas/", NEW | values)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert f'href="#{field}"' in page
    assert 'value="Source code"' in page


def test_a_taken_idp_url_is_refused_with_its_field_open(alice, gitlab):
    response = alice.post("/console/catalog/gitlab_saas/", NEW | {"slug": "gitlab"})
    assert response.status_code == 422
    assert b"Another application has this SSO IdP URL." in response.content
    assert b'<details class="disclosure" open>' in response.content


def test_a_picture_that_is_none_is_refused(alice):
    fake = io.BytesIO(b"<svg onload=alert(1)>")
    fake.name = "logo.svg"
    response = alice.post("/console/catalog/gitlab_saas/", NEW | {"logo": fake})
    assert response.status_code == 422
    assert b"not a PNG, JPEG, WebP or GIF" in response.content


def test_a_bookmark_needs_an_address(alice):
    values = {"display_label": "Canteen", "show_in_launcher": "on"}
    assert (
        alice.post("/console/catalog/bookmark/", values | {"bookmark_url": "javascript:alert(1)"}).status_code
        == 422
    )
    assert (
        alice.post(
            "/console/catalog/bookmark/", values | {"bookmark_url": "https://canteen.example/"}
        ).status_code
        == 302
    )


def test_the_catalogue_finds_by_name_and_offers_custom_saml_otherwise(alice):
    assert "Pulumi" in alice.get("/console/catalog/?q=pulu").content.decode()
    assert "BlogIn" not in alice.get("/console/catalog/?q=pulu").content.decode()
    assert "Not in the catalogue" in alice.get("/console/catalog/?q=zzz").content.decode()


def test_an_application_is_created_and_its_idp_url_shown(alice):
    response = alice.post("/console/catalog/gitlab_saas/", NEW | {"logo": picture()}, follow=True)
    page = response.content.decode()
    assert "/t/acme/saml2/gitlab-acme" in page
    assert "Configure application" in page
    assert "Close" in page
    application = only(alice.tenant)
    assert application.parameters == {"group_path": "acme-robotics"}
    assert alice.get(f"/console/applications/{application.pk}/logo/")["Content-Type"] == "image/png"


def test_general_info_is_saved_and_the_idp_url_is_not_among_it(alice, gitlab):
    path = f"/console/applications/{gitlab.pk}/"
    assert b'name="slug"' not in alice.get(path).content
    response = alice.post(path, NEW | {"slug": "other", "logo": picture()})
    assert response.status_code == 302
    application = only(alice.tenant)
    assert (application.display_label, application.slug) == ("GitLab Acme", "gitlab")
    assert application.logo
    alice.post(path, NEW | {"remove_logo": "1"})
    assert not only(alice.tenant).logo


def test_groups_are_ticked_and_the_log_says_who(alice, engineering, gitlab):
    path = f"/console/applications/{gitlab.pk}/groups/"
    assert "checked" in alice.get(path).content.decode()
    alice.post(path, {"groups": []})
    with in_tenant(alice.tenant):
        assert not Assignment.objects.exists()
        assert Event.objects.filter(type="association_change", actor_name="alice").exists()
    alice.post(path, {"groups": [engineering.pk]})
    with in_tenant(alice.tenant):
        assert Assignment.objects.count() == 1


def test_another_tenants_group_cannot_be_ticked(alice, charlie, gitlab, system):
    with in_tenant(charlie.tenant):
        theirs = add_group(actor=system, name="Theirs")
    assert (
        alice.post(f"/console/applications/{gitlab.pk}/groups/", {"groups": [theirs.pk]}).status_code == 422
    )


def test_a_group_that_was_deleted_meanwhile_is_said_to_be_and_no_tick_is_lost(
    alice, engineering, gitlab, system
):
    with in_tenant(alice.tenant):
        former, sales = (add_group(actor=system, name=name) for name in ("Former", "Sales"))
        gone = former.pk
        remove_group(former, actor=system)
    path = f"/console/applications/{gitlab.pk}/groups/"
    answer = alice.post(path, {"groups": [gone, sales.pk]})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "was deleted meanwhile" in page
    assert str(gone) not in page
    assert f'id="group-{sales.pk}" checked' in page
    assert f'id="group-{engineering.pk}" checked' not in page
    told = alice.get(f"{path}consequence/?groups={engineering.pk}&groups={gone}").content.decode()
    assert "Nobody gains or loses it" in told


def test_what_somebody_else_bound_meanwhile_is_not_taken_away_unseen(alice, engineering, gitlab, system):
    path = f"/console/applications/{gitlab.pk}/groups/"
    seen = alice.get(path).content.decode().partition('name="seen" value="')[2].partition('"')[0]
    with in_tenant(alice.tenant):
        assign_group(gitlab, add_group(actor=system, name="Sales"), actor=system)
    answer = alice.post(path, {"groups": [engineering.pk], "seen": seen})
    assert answer.status_code == 422
    assert "Somebody else changed what is bound meanwhile." in answer.content.decode()
    again = answer.content.decode().partition('name="seen" value="')[2].partition('"')[0]
    with in_tenant(alice.tenant):
        assert Assignment.objects.count() == 2
    assert alice.post(path, {"groups": [engineering.pk], "seen": again}).status_code == 302
    with in_tenant(alice.tenant):
        assert Assignment.objects.get().group_id == engineering.pk


def test_what_is_bound_while_one_saves_is_not_taken_away_either(
    alice, engineering, gitlab, system, monkeypatch
):
    """Between the look at what is bound and the writing."""
    path = f"/console/applications/{gitlab.pk}/groups/"
    seen = alice.get(path).content.decode().partition('name="seen" value="')[2].partition('"')[0]

    def assign_after_another(application, groups, **how):
        monkeypatch.undo()
        assign_group(application, add_group(actor=system, name="Sales"), actor=system)
        assign_groups(application, groups, **how)

    monkeypatch.setattr("apps.console.views.assignments.assign_groups", assign_after_another)
    answer = alice.post(path, {"groups": [], "seen": seen})
    assert answer.status_code == 422
    assert "Somebody else changed what is bound meanwhile." in answer.content.decode()
    with in_tenant(alice.tenant):
        assert Assignment.objects.count() == 2


def test_an_application_that_is_deleted_while_its_groups_are_saved_is_said_to_be_gone(
    alice, engineering, gitlab, system, monkeypatch
):
    """Between the look at it and the writing."""
    path = f"/console/applications/{gitlab.pk}/groups/"

    def assign_too_late(application, groups, **how):
        monkeypatch.undo()
        remove_application(Application.objects.get(pk=application.pk), actor=system)
        assign_groups(application, groups, **how)

    monkeypatch.setattr("apps.console.views.assignments.assign_groups", assign_too_late)
    answer = alice.post(path, {"groups": [engineering.pk]})
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_an_application_that_is_deleted_while_it_is_saved_is_said_to_be_gone(
    alice, gitlab, system, monkeypatch
):
    def update_too_late(application, **how):
        monkeypatch.undo()
        remove_application(Application.objects.get(pk=application.pk), actor=system)
        return update_application(application, **how)

    monkeypatch.setattr("apps.console.views.applications.update_application", update_too_late)
    answer = alice.post(f"/console/applications/{gitlab.pk}/", NEW)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_group_that_is_deleted_while_it_is_bound_is_said_to_be(
    alice, engineering, gitlab, system, monkeypatch
):
    """Between the form and the writing."""
    path = f"/console/applications/{gitlab.pk}/groups/"
    with in_tenant(alice.tenant):
        sales = add_group(actor=system, name="Sales")

    def assign_too_late(application, groups, **how):
        monkeypatch.undo()
        chosen = list(groups)
        remove_group(Group.objects.get(pk=sales.pk), actor=system)
        assign_groups(application, chosen, **how)

    monkeypatch.setattr("apps.console.views.assignments.assign_groups", assign_too_late)
    answer = alice.post(path, {"groups": [engineering.pk, sales.pk]})
    assert answer.status_code == 422
    assert "A group that you ticked was deleted meanwhile." in answer.content.decode()
    with in_tenant(alice.tenant):
        assert Assignment.objects.get().group_id == engineering.pk


def test_the_consequence_is_told_before_saving_and_changes_nothing(alice, engineering, gitlab):
    path = f"/console/applications/{gitlab.pk}/groups/consequence/"
    losing = alice.get(path).content.decode()
    assert "1 person</strong> loses it" in losing
    same = alice.get(f"{path}?groups={engineering.pk}").content.decode()
    assert "Nobody gains or loses it" in same
    with in_tenant(alice.tenant):
        assert Assignment.objects.count() == 1


def test_without_scripts_a_button_says_who_gains_or_loses_it_and_keeps_the_ticks(
    alice, bob, engineering, gitlab, system
):
    with in_tenant(alice.tenant):
        sales = add_group(actor=system, name="Sales")
        add_members(sales, [alice.user], actor=system)
    path = f"/console/applications/{gitlab.pk}/groups/"
    response = alice.post(path, {"groups": [sales.pk], "preview": "1"})
    page = response.content.decode()
    assert "1 person</strong> gains GitLab (Alice Example)." in page
    assert "1 person</strong> loses it (Bob Example)." in page
    assert f'id="group-{sales.pk}" checked' in page
    assert f'id="group-{engineering.pk}">' in page
    with in_tenant(alice.tenant):
        assert Assignment.objects.get().group == engineering
    alice.post(path, {"groups": [sales.pk]})
    with in_tenant(alice.tenant):
        assert Assignment.objects.get().group == sales


def test_deleting_needs_ticks_and_the_number(alice, gitlab):
    path = "/console/applications/deletion/"
    assert alice.get(path)["Location"].endswith("/console/applications/")
    assert "Delete 1 application?" in alice.get(f"{path}?application={gitlab.pk}").content.decode()
    wrong = alice.post(path, {"application": gitlab.pk, "number": "2"})
    assert wrong.status_code == 422
    assert f'value="{gitlab.pk}"' in wrong.content.decode()
    assert only(alice.tenant)
    alice.post(path, {"application": gitlab.pk, "number": "1"})
    with in_tenant(alice.tenant):
        assert not Application.objects.exists()


def test_another_tenants_application_is_not_deleted_by_its_number(alice, charlie, gitlab):
    response = charlie.post("/console/applications/deletion/", {"application": gitlab.pk, "number": "1"})
    assert response.status_code == 302
    assert only(alice.tenant)


def test_a_key_that_is_no_key_ticks_nothing(alice, gitlab):
    assert alice.get("/console/applications/deletion/?application=x").status_code == 302


def test_deleting_a_bookmark_says_nothing_of_accounts(alice, gitlab, system):
    with in_tenant(alice.tenant):
        menu = add_application(
            actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example/"
        )
    path = "/console/applications/deletion/?application="
    assert "remain active there" not in alice.get(f"{path}{menu.pk}").content.decode()
    both = alice.get(f"{path}{menu.pk}&application={gitlab.pk}").content.decode()
    assert "People who have accounts in GitLab remain active there" in both


def test_a_dialog_that_is_turned_away_says_so_once(alice, gitlab):
    path = "/console/applications/deletion/"
    alice.get(path, headers={"X-Requested-With": "fetch"})
    page = alice.get(path, follow=True).content.decode()
    assert page.count("Tick the applications to delete first.") == 1


def test_a_new_application_describes_itself_to_nobody_in_our_words(alice):
    page = alice.get("/console/catalog/bookmark/").content.decode()
    assert 'value="A link that opens in a new tab"' not in page


def test_losing_it_is_told_as_this_application_does_it(alice, gitlab, system):
    path = f"/console/applications/{gitlab.pk}/groups/consequence/"
    assert "Identity Management is not active" in alice.get(path).content.decode()
    for state, deprovisioning, words in (
        ("active", "suspend", "Their accounts there are deactivated at once."),
        ("active", "delete", "deactivated at once, and deleted after 30 days"),
        ("active", "keep", "leave their accounts there as they are"),
        ("quarantined", "suspend", "stay active until Identity Management, which is paused"),
    ):
        with in_tenant(alice.tenant):
            integration = configure_integration(
                gitlab, actor=system, base_url="https://gitlab.example/scim", token="t" * 20
            )
            integration.state, integration.deprovisioning = state, deprovisioning
            integration.delete_after_days = 30
            integration.save()
        assert words in alice.get(path).content.decode()
        with in_tenant(alice.tenant):
            integration.delete()
