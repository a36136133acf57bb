from apps.applications.models import Assignment
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
