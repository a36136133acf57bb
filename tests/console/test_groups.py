import pytest

from apps.applications.actions import add_application, assign_group, remove_application
from apps.applications.models import Application, Assignment, FormerAssignment
from apps.directory.actions import add_group, add_members, add_user, remove_group, remove_user
from apps.directory.models import Group, Membership
from apps.tenants.context import in_tenant


def test_a_group_needs_a_name_nobody_else_has(alice, engineering):
    response = alice.post("/console/groups/new/", {"name": "ENGINEERING", "description": "kept"})
    assert response.status_code == 422
    assert b"already taken" in response.content
    assert b'value="kept"' in response.content


def test_adding_nobody_is_a_form_error(alice, engineering):
    response = alice.post(f"/console/groups/{engineering.pk}/members/", {})
    assert response.status_code == 422
    assert b"Tick at least one person." in response.content
    assert alice.post(f"/console/groups/{engineering.pk}/members/removal/", {}).status_code == 422


@pytest.mark.parametrize("act", ["", "removal/"])
def test_somebody_who_was_deleted_meanwhile_is_said_to_be(alice, bob, engineering, system, act):
    with in_tenant(alice.tenant):
        gone = bob.user.pk
        remove_user(bob.user, actor=system)
    response = alice.post(f"/console/groups/{engineering.pk}/members/{act}", {"users": [gone, alice.user.pk]})
    assert response.status_code == 422
    assert b"was deleted meanwhile" in response.content
    assert str(gone).encode() not in response.content
    with in_tenant(alice.tenant):
        assert not engineering.memberships.filter(user=alice.user).exists()


def test_another_tenants_people_cannot_be_added(alice, charlie, engineering):
    response = alice.post(f"/console/groups/{engineering.pk}/members/", {"users": [charlie.user.pk]})
    assert response.status_code == 422
    with in_tenant(alice.tenant):
        assert Membership.objects.count() == 1


def test_a_group_is_made_renamed_and_deleted(alice):
    alice.post("/console/groups/new/", {"name": "Design"})
    with in_tenant(alice.tenant):
        group = Group.objects.get(name="Design")
    alice.post(f"/console/groups/{group.pk}/", {"name": "Product design"})
    with in_tenant(alice.tenant):
        assert Group.objects.get(pk=group.pk).name == "Product design"
    alice.post(f"/console/groups/{group.pk}/deletion/")
    with in_tenant(alice.tenant):
        assert not Group.objects.filter(pk=group.pk).exists()


def test_deleting_says_what_happens_in_the_applications(alice, engineering, gitlab):
    page = alice.get(f"/console/groups/{engineering.pk}/deletion/").content.decode()
    assert "1 person is in it." in page
    assert "It opens GitLab" in page
    assert "accounts there are deactivated" in page


def test_people_are_found_added_and_removed(alice, bob, engineering):
    path = f"/console/groups/{engineering.pk}/members/"
    offered = alice.get(f"{path}?find=example").content.decode()
    assert f'id="add-{alice.user.pk}"' in offered
    assert f'id="add-{bob.user.pk}"' not in offered
    alice.post(path, {"users": [alice.user.pk]})
    with in_tenant(alice.tenant):
        assert Membership.objects.filter(group=engineering).count() == 2
    alice.post(f"{path}removal/", {"users": [alice.user.pk, bob.user.pk]})
    with in_tenant(alice.tenant):
        assert not Membership.objects.filter(group=engineering).exists()


def test_applications_are_given_and_taken_from_the_groups_page(alice, engineering, gitlab):
    path = f"/console/groups/{engineering.pk}/applications/"
    assert "GitLab" in alice.get(path).content.decode()
    alice.post(f"{path}{gitlab.pk}/removal/")
    with in_tenant(alice.tenant):
        assert not Assignment.objects.exists()
    alice.post(path, {"application": gitlab.pk})
    with in_tenant(alice.tenant):
        assert Assignment.objects.filter(group=engineering, application=gitlab).exists()


def test_binding_from_the_groups_page_says_first_who_gains_it(alice, bob, engineering, gitlab, system):
    with in_tenant(alice.tenant):
        sales = add_group(actor=system, name="Sales")
        add_members(sales, [alice.user, bob.user], actor=system)
    path = f"/console/groups/{sales.pk}/applications/"
    assert f'value="{gitlab.pk}"' in alice.get(path).content.decode()
    page = alice.get(f"{path}?application={gitlab.pk}").content.decode()
    assert "Give Sales access to GitLab?" in page
    assert "Alice Example gains GitLab." in page
    assert "Identity Management is not active, so no account is made there." in page
    with in_tenant(alice.tenant):
        assert Assignment.objects.count() == 1
    alice.post(path, {"application": gitlab.pk})
    with in_tenant(alice.tenant):
        assert Assignment.objects.count() == 2


@pytest.mark.parametrize("gone", ["application", "group"])
def test_what_is_deleted_while_it_is_bound_is_said_to_be_gone(alice, gitlab, system, monkeypatch, gone):
    """Between the form and the writing."""
    with in_tenant(alice.tenant):
        sales = add_group(actor=system, name="Sales")

    def bind_too_late(application, group, **how):
        monkeypatch.undo()
        if gone == "application":
            remove_application(Application.objects.get(pk=application.pk), actor=system)
        else:
            remove_group(Group.objects.get(pk=group.pk), actor=system)
        return assign_group(application, group, **how)

    monkeypatch.setattr("apps.console.views.groups.assign_group", bind_too_late)
    answer = alice.post(f"/console/groups/{sales.pk}/applications/", {"application": gitlab.pk})
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    with in_tenant(alice.tenant):
        assert not Assignment.objects.filter(group_id=sales.pk).exists()
        assert not FormerAssignment.objects.filter(group_id=sales.pk).exists()


def test_taking_an_application_says_first_who_loses_it(alice, bob, engineering, gitlab, system):
    path = f"/console/groups/{engineering.pk}/applications/{gitlab.pk}/removal/"
    assert "Bob Example loses GitLab." in alice.get(path).content.decode()
    with in_tenant(alice.tenant):
        sales = add_group(actor=system, name="Sales")
        add_members(sales, [bob.user], actor=system)
        assign_group(gitlab, sales, actor=system)
    assert "Nobody gains or loses it: 1 person has it." in alice.get(path).content.decode()
    with in_tenant(alice.tenant):
        assert Assignment.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x", "{gitlab}"])
def test_an_application_that_cannot_be_bound_is_a_form_error(alice, engineering, gitlab, key):
    path = f"/console/groups/{engineering.pk}/applications/"
    asked = alice.get(f"{path}?application={key.format(gitlab=gitlab.pk)}")  # bound already, the last one
    assert asked.status_code == 422
    assert alice.post(path, {"application": key.format(gitlab=gitlab.pk)}).status_code == 422


def test_the_list_and_the_members_ask_little_however_many_there_are(
    alice, engineering, system, django_assert_max_num_queries
):
    with in_tenant(alice.tenant):
        people = [add_user(actor=system, username=f"p{n}", email=f"p{n}@acme.example") for n in range(60)]
        add_members(engineering, people[:30], actor=system)
        for number in range(30):
            add_group(actor=system, name=f"Group {number}")
            made = add_application(actor=system, connector="custom_saml", display_label=f"App {number}")
            assign_group(made, engineering, actor=system)
    with django_assert_max_num_queries(12):
        page = alice.get("/console/groups/").content.decode()
    row = next(row for row in page.split("<tr>") if "Engineering" in row)
    assert '<td class="num">31</td><td class="num">30</td>' in row
    for tab in ("members/?find=p&q=p", "applications/", ""):
        with django_assert_max_num_queries(12):
            assert alice.get(f"/console/groups/{engineering.pk}/{tab}").status_code == 200


def test_all_that_are_found_are_added_after_a_review(alice, engineering, system):
    with in_tenant(alice.tenant):
        for number in range(30):
            add_user(actor=system, username=f"zz{number}", email=f"zz{number}@acme.example")
    page = alice.get(f"/console/groups/{engineering.pk}/members/?find=zz").content.decode()
    assert "Add all 30…" in page
    assert "Add all" not in alice.get(f"/console/groups/{engineering.pk}/members/?find=zz7").content.decode()
    values = {"act": "join", "to_group": engineering.pk, "everybody": "1", "q": "zz"}
    review = alice.post("/console/users/acts/", values, follow=True).content.decode()
    assert "Add to a user group: 30 people" in review


def test_searching_on_a_refused_removal_searches_the_members_page(alice, engineering):
    removal = f"/console/groups/{engineering.pk}/members/removal/"
    assert alice.post(removal).status_code == 422
    back = alice.get(f"{removal}?find=bo")
    assert back["Location"] == alice.url(f"/console/groups/{engineering.pk}/members/?find=bo")


def test_what_removing_a_member_means_is_said_beside_the_button(alice, bob, engineering, gitlab):
    members = alice.get(f"/console/groups/{engineering.pk}/members/").content.decode()
    assert "Whoever you remove loses the group" in members
    groups = alice.get(f"/console/users/{bob.user.pk}/groups/").content.decode()
    assert "Whoever leaves a group loses its applications at once" in groups
