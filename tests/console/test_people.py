import pytest

from apps.accounts.actions import add_administrator
from apps.accounts.models import Role
from apps.directory.actions import add_user, deactivate_user
from apps.directory.models import Membership, User
from apps.events.models import Event
from apps.tenants.context import in_tenant

PROFILE = {"username": "ann", "email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"}


def user_named(tenant, username):
    with in_tenant(tenant):
        return User.objects.filter(username=username).first()


def test_a_taken_name_comes_back_with_everything_that_was_typed(alice, bob):
    response = alice.post("/console/users/new/", PROFILE | {"username": "BOB", "job_title": "Engineer"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "This is already taken." in page
    assert 'href="#id_username"' in page
    assert 'value="Engineer"' in page
    assert user_named(alice.tenant, "BOB") is None


def test_a_weak_password_is_refused_and_never_shown_again(alice):
    response = alice.post("/console/users/new/", PROFILE | {"password": "ann"})
    assert response.status_code == 422
    assert b'value="ann" maxlength' not in response.content.split(b'name="password"')[1][:200]
    assert user_named(alice.tenant, "ann") is None


def test_an_impossible_time_zone_is_a_form_error(alice):
    response = alice.post("/console/users/new/", PROFILE | {"timezone": "Middle/Earth"})
    assert response.status_code == 422
    assert b"not an IANA time zone" in response.content


def test_a_post_without_a_token_of_our_form_is_refused(alice):
    alice.client.handler.enforce_csrf_checks = True
    assert alice.post("/console/users/new/", PROFILE).status_code == 403


def test_adding_a_user_names_the_administrator_in_the_log(alice):
    response = alice.post("/console/users/new/", PROFILE, follow=True)
    assert "Ann Lee was added." in response.content.decode()
    with in_tenant(alice.tenant):
        event = Event.objects.filter(type="user_create", target_name="Ann Lee").get()
    assert (event.actor_kind, event.actor_name) == ("administrator", "alice")


def test_a_profile_is_changed(alice, bob):
    alice.post(
        f"/console/users/{bob.user.pk}/",
        {"username": "bob", "email": "bob@acme.example", "job_title": "Lead"},
    )
    assert user_named(alice.tenant, "bob").job_title == "Lead"


def test_a_password_is_set_by_the_rules(alice, bob):
    assert alice.post(f"/console/users/{bob.user.pk}/password/", {"password": "short"}).status_code == 422
    assert (
        alice.post(f"/console/users/{bob.user.pk}/password/", {"password": "a long enough one"}).status_code
        == 302
    )
    assert user_named(alice.tenant, "bob").check_password("a long enough one")


def test_deactivating_asks_first_and_reactivating_undoes_it(alice, bob):
    page = alice.get(f"/console/users/{bob.user.pk}/deactivation/")
    assert b"Their sessions end now" in page.content
    assert user_named(alice.tenant, "bob").active
    alice.post(f"/console/users/{bob.user.pk}/deactivation/")
    assert not user_named(alice.tenant, "bob").active
    alice.post(f"/console/users/{bob.user.pk}/activation/")
    assert user_named(alice.tenant, "bob").active


def test_applications_of_a_person_say_which_group_gives_them(alice, bob, gitlab):
    page = alice.get(f"/console/users/{bob.user.pk}/applications/").content.decode()
    assert "GitLab" in page
    assert "Engineering" in page
    empty = alice.get(f"/console/users/{alice.user.pk}/applications/").content.decode()
    assert "Member of Engineering" not in empty


def test_a_person_joins_and_leaves_groups_from_their_page(alice, engineering):
    path = f"/console/users/{alice.user.pk}/groups/"
    assert alice.post(path, {"group": "nonsense"}).status_code == 422
    alice.post(path, {"group": engineering.pk})
    with in_tenant(alice.tenant):
        assert Membership.objects.filter(user=alice.user, group=engineering).exists()
    alice.post(f"{path}{engineering.pk}/removal/")
    with in_tenant(alice.tenant):
        assert not Membership.objects.filter(user=alice.user).exists()


def test_the_list_searches_filters_and_pages_in_the_address(alice, bob, system):
    with in_tenant(alice.tenant):
        for number in range(30):
            add_user(actor=system, username=f"extra{number:02}", email=f"extra{number}@acme.example")
        deactivate_user(bob.user, actor=system)
    first = alice.get("/console/users/").content.decode()
    assert "1–25 of 32" in first
    assert "page=2" in first
    assert "26–32 of 32" in alice.get("/console/users/?page=99").content.decode()
    inactive = alice.get("/console/users/?state=inactive").content.decode()
    assert "bob@acme.example" in inactive
    assert "extra00" not in inactive
    found = alice.get("/console/users/?q=extra07").content.decode()
    assert "extra07" in found
    assert "extra08" not in found
    assert "Nobody matches" in alice.get("/console/users/?q=nobody-at-all").content.decode()


def test_the_search_in_the_top_bar_finds_people_groups_and_applications(alice, bob, gitlab):
    assert "Bob Example" in alice.get("/console/search/?q=bob").content.decode()
    assert "GitLab" in alice.get("/console/search/?q=gitl").content.decode()
    assert "Everyone who ships code" in alice.get("/console/search/?q=engin").content.decode()
    assert "Nothing found" in alice.get("/console/search/?q=zzzz").content.decode()


def test_what_people_type_never_becomes_markup(alice):
    alice.post("/console/users/new/", PROFILE | {"display_name": "<script>alert(1)</script>"})
    user = user_named(alice.tenant, "ann")
    for path in (
        "/console/users/",
        f"/console/users/{user.pk}/",
        "/console/",
        "/console/events/",
        "/console/search/?q=<script>",
    ):
        assert b"<script>alert" not in alice.get(path).content


@pytest.fixture
def deputy(bob, system):
    """Bob as an administrator who is no owner."""
    with in_tenant(bob.tenant):
        add_administrator(bob.user, actor=system, role=Role.ADMINISTRATOR)
    return bob


def test_an_administrator_cannot_take_over_an_owner(alice, deputy):
    path = f"/console/users/{alice.user.pk}/"
    mine = {"username": "alice", "email": "mine@evil.example"}
    assert deputy.post(path, mine).status_code == 403
    assert deputy.post(f"{path}password/", {"password": "a long enough one"}).status_code == 403
    assert deputy.post(f"{path}deactivation/").status_code == 403
    page = deputy.get(path).content.decode()
    assert "Only an owner may change an owner." in page
    assert "Set password…" not in page
    assert user_named(alice.tenant, "alice").email == "alice@acme.example"


def test_the_last_owner_is_not_deactivated(alice):
    response = alice.post(f"/console/users/{alice.user.pk}/deactivation/")
    assert response.status_code == 422
    assert "The last owner cannot be removed." in response.content.decode()
    assert user_named(alice.tenant, "alice").active


def test_an_owner_changes_an_administrator(alice, deputy):
    assert (
        alice.post(
            f"/console/users/{deputy.user.pk}/password/", {"password": "a long enough one"}
        ).status_code
        == 302
    )
