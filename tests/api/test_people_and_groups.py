from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Administrator, Role
from apps.directory.models import User
from apps.events.models import Event
from apps.outbox.models import Entry
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.conftest import PASSWORD, Person, person

MIA = {"username": "mia", "email": "mia@acme.example"}
EVERYTHING = MIA | {
    "first_name": "Mia", "last_name": "Stone", "display_name": "Mia S.", "job_title": "Engineer",
    "work_phone": "+1 555 0100", "mobile_phone": "+1 555 0199", "timezone": "Europe/London", "active": True,
    "employee_number": "0042", "department": "R&D", "division": "North", "organization": "Acme", "cost_center": "C-7", "manager": "ada",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"username": ""}, "username"), ({"username": "x" * 151}, "username"), ({"username": "a\u200bb"}, "username"),
        ({"email": "nonsense"}, "email"), ({"email": None}, "email"), ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"active": "perhaps"}, "active"), ({"active": None}, "active"), ({"password": "short"}, "password"),
        ({"password": "mia@acme.example"}, "password"), ({"first_name": "a\x07"}, "first_name"), ({"first_name": 7.5}, "first_name"),
    ],
)  # fmt: skip
def test_a_person_with_a_wrong_value_is_refused_by_name(
    api: Script, wrong: dict[str, Any], field: str
) -> None:
    if field != "first_name" or wrong[field] != 7.5:  # a number is text, says DRF
        assert field in api.refused("POST", "/users/", MIA | wrong)


def test_a_name_or_an_address_that_is_taken_is_a_conflict(api: Script, bob: Person) -> None:
    assert api.refused("POST", "/users/", MIA | {"username": "BOB"}, 409).keys() == {"username"}
    assert api.refused("POST", "/users/", MIA | {"email": "BOB@acme.example"}, 409).keys() == {"email"}
    mia = api.post("/users/", MIA)
    assert api.refused("PATCH", f"/users/{mia['id']}/", {"username": "ｂｏｂ"}, 409).keys() == {"username"}


def test_another_tenants_rows_are_not_there(api: Script, stranger: Script) -> None:
    theirs = stranger.post("/users/", MIA)["id"]
    group, own = (
        stranger.post("/groups/", {"name": "Theirs"})["id"],
        api.post("/groups/", {"name": "Ours"})["id"],
    )
    for method, path in (
        ("GET", f"/users/{theirs}/"), ("PATCH", f"/users/{theirs}/"), ("DELETE", f"/users/{theirs}/"),
        ("GET", f"/groups/{group}/"), ("PATCH", f"/groups/{group}/"), ("DELETE", f"/groups/{group}/"),
        ("GET", f"/groups/{group}/members/"), ("POST", f"/groups/{group}/members/"), ("DELETE", f"/groups/{own}/members/{theirs}/"),
    ):  # fmt: skip
        assert api(method, path, {} if method != "POST" else {"user": theirs}).status_code in {404, 400}, path
    assert api.refused("POST", f"/groups/{own}/members/", {"user": theirs}).keys() == {"user"}
    assert b"Theirs" not in api("GET", "/groups/").content
    assert stranger.get(f"/users/{theirs}/")["username"] == "mia"  # the control


@pytest.mark.parametrize("user", [None, "", "nonsense", 7, [], {}, "00000000-0000-4000-8000-000000000000"])
def test_a_member_that_is_nobody_is_refused(api: Script, user: Any) -> None:
    group = api.post("/groups/", {"name": "Engineering"})["id"]
    assert api.refused("POST", f"/groups/{group}/members/", {"user": user}).keys() == {"user"}


def test_a_person_comes_back_as_sent_but_for_the_password(api: Script) -> None:
    made = api("POST", "/users/", EVERYTHING | {"password": PASSWORD})
    assert made.status_code == 201
    mia = made.json()
    assert {name: mia[name] for name in EVERYTHING} == EVERYTHING
    assert mia.keys() - EVERYTHING.keys() == {"id", "created_at", "updated_at", "role"}
    assert api.get(f"/users/{mia['id']}/") == mia
    assert mia in api.get("/users/")["results"]
    assert made["Location"].endswith(f"/users/{mia['id']}/")
    with in_tenant(api.tenant):
        assert User.objects.get(username="mia").check_password(PASSWORD)


def test_a_person_without_a_password_cannot_sign_in(api: Script) -> None:
    api.post("/users/", MIA)
    with in_tenant(api.tenant):
        assert not User.objects.get(username="mia").has_usable_password()


def test_a_change_is_all_of_it_or_nothing(api: Script) -> None:
    mia = api.post("/users/", MIA)
    refused = api.refused(
        "PATCH", f"/users/{mia['id']}/", {"job_title": "Lead", "active": False, "password": "short"}
    )
    assert refused.keys() == {"password"}
    assert api.get(f"/users/{mia['id']}/") == mia
    changed = api(
        "PATCH", f"/users/{mia['id']}/", {"job_title": "Lead", "active": False, "password": PASSWORD}
    ).json()
    assert (changed["job_title"], changed["active"]) == ("Lead", False)
    with in_tenant(api.tenant):
        types = set(Event.objects.values_list("type", flat=True))
        assert {"user_update", "user_suspended", "user_password_change"} <= types
        assert User.objects.get(username="mia").check_password(PASSWORD)


def test_people_are_found_by_name_state_and_words(api: Script, bob: Person) -> None:
    api.post("/users/", EVERYTHING | {"active": False})
    for query, expected in (
        ("username=MIA", ["mia"]), ("username=mia@acme.example", ["mia"]), ("active=false", ["mia"]), ("q=stone", ["mia"]),
        ("active=true&q=bob", ["bob"]), ("username=nobody", []),
    ):  # fmt: skip
        assert [each["username"] for each in api.get(f"/users/?{query}")["results"]] == expected, query


def test_a_removed_person_is_gone(api: Script) -> None:
    mia = api.post("/users/", MIA)
    assert api("DELETE", f"/users/{mia['id']}/").status_code == 204
    assert api("GET", f"/users/{mia['id']}/").status_code == 404
    assert api("DELETE", f"/users/{mia['id']}/").status_code == 404


def test_a_group_is_made_renamed_and_removed(api: Script) -> None:
    group = api.post("/groups/", {"name": "Engineering", "description": "Builds"})
    assert (group["name"], group["description"]) == ("Engineering", "Builds")
    assert api.refused("POST", "/groups/", {"name": "ENGINEERING"}, 409).keys() == {"name"}
    changed = api("PATCH", f"/groups/{group['id']}/", {"name": "Platform"}).json()
    assert (changed["name"], changed["description"]) == ("Platform", "Builds")
    assert api.get("/groups/?q=plat")["results"] == [changed]
    assert api.get("/groups/?q=engineering")["results"] == []
    assert api("DELETE", f"/groups/{group['id']}/").status_code == 204
    assert api.get("/groups/")["results"] == []


def test_a_member_comes_and_goes_and_workers_are_told(api: Script) -> None:
    mia, group = api.post("/users/", MIA), api.post("/groups/", {"name": "Engineering"})
    with in_tenant(api.tenant):
        Entry.objects.all().delete()
    members = f"/groups/{group['id']}/members/"
    member = api.post(members, {"user": mia["id"]})
    assert (member["id"], member["username"]) == (mia["id"], "mia")
    assert api.post(members, {"user": mia["id"]}) == member
    assert api.get(members)["results"] == [member]
    assert api.get(f"{members}{mia['id']}/") == member
    with in_tenant(api.tenant):
        assert Entry.objects.filter(topic="user_changed", subject_id=mia["id"]).count() == 1
        assert Event.objects.filter(type="association_change").count() == 1
    assert api("DELETE", f"{members}{mia['id']}/").status_code == 204
    assert api("DELETE", f"{members}{mia['id']}/").status_code == 404
    assert api.get(members)["results"] == []


@pytest.mark.parametrize("change", [{"password": "a new pass phrase 7"}, {"email": "evil@acme.example"}, {"username": "evil"}, {"active": False}])  # fmt: skip
def test_only_an_owner_may_touch_an_owner(
    with_role: Callable[[str], Script], alice: Person, api: Script, change: dict[str, Any]
) -> None:
    below = with_role(Role.ADMINISTRATOR)
    assert below("PATCH", f"/users/{alice.user.pk}/", change).status_code == 403
    assert below("DELETE", f"/users/{alice.user.pk}/").status_code == 403
    person(api.tenant, "second", role=Role.OWNER)
    assert api("PATCH", f"/users/{alice.user.pk}/", change).status_code == 200  # the control


def test_the_last_owner_can_neither_leave_nor_be_locked_out(api: Script, alice: Person) -> None:
    path = f"/users/{alice.user.pk}/"
    assert api("PATCH", path, {"active": False}).status_code == 409
    assert api("DELETE", path).status_code == 409
    with in_tenant(api.tenant):
        administrator = Administrator.objects.get(user=alice.user)
    assert api("DELETE", f"/administrators/{administrator.pk}/").status_code == 409
    second = person(api.tenant, "second", role=Role.OWNER)
    api("PATCH", f"/users/{second.user.pk}/", {"active": False})
    assert api("DELETE", path).status_code == 409, "an owner who cannot sign in is none"
    api("PATCH", f"/users/{second.user.pk}/", {"active": True})
    assert api("DELETE", path).status_code == 204
