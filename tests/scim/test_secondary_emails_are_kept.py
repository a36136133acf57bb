"""What a source tells of somebody beside the company's address: kept, told back and found by, and nothing else (docs/decisions/0036)."""

from typing import Any

import pytest

from apps.accounts import tasks
from apps.accounts.actions import add_administrator
from apps.directory import actions as directory
from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.mail import tasks as mail_tasks
from apps.scim.actions.links import accept_link
from apps.scim.actions.secondary_emails import MOST
from apps.scim.models import ExternalIdentity, PendingLink, SecondaryEmail
from apps.tenants.context import in_tenant
from tests.accounts.mails import letters
from tests.conftest import Person
from tests.scim.conftest import Caller

SYSTEM = Actor.system()
WORK = {"value": "mia@acme.example", "type": "work", "primary": True}
HOME = {"value": "Mia@Home.example", "type": "home"}
OTHER = {"value": "m@other.example", "type": "other"}


def told(value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "primary": False}


def found(caller: Caller, wanted: str) -> set[str]:
    return {each["userName"] for each in caller.list(filter=wanted)["Resources"]}


@pytest.fixture
def mia(okta: Caller) -> Any:
    return okta.create("mia", externalId="00u1", emails=[HOME, WORK, OTHER])


@pytest.mark.parametrize("emails", [
    [WORK, {"value": "nonsense", "type": "home"}],
    [WORK, {"value": "a\u202eb@home.example"}],
    [WORK, {"value": "a@home.example", "type": "x" * 41}],
    [WORK, {"value": "a@home.example", "type": "a\u202eb"}],
    [WORK, *({"value": f"m{number}@home.example"} for number in range(MOST + 1))],
])  # fmt: skip
def test_what_cannot_be_kept_is_refused_by_its_name(okta: Caller, emails: Any) -> None:
    answer = okta("POST", "/Users", {"userName": "mia", "emails": emails})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert answer.json()["detail"].startswith("emails.value: ")
    with in_tenant(okta.tenant):
        assert not SecondaryEmail.objects.exists()
        assert not ExternalIdentity.objects.exists()


def test_as_many_as_the_limit_are_kept(okta: Caller) -> None:
    emails = [WORK, *({"value": f"m{number}@home.example"} for number in range(MOST))]
    assert len(okta.create("mia", emails=emails)["emails"]) == MOST + 1


def test_nobody_signs_in_by_one(okta: Caller, mia: Any, client: Any) -> None:
    with in_tenant(okta.tenant):
        directory.set_password(User.objects.get(pk=mia["id"]), "correct horse battery", actor=SYSTEM)
        assert not User.objects.named(HOME["value"]).exists()
    login = f"/t/{okta.tenant.slug}/login/"
    sent = {"username": HOME["value"], "password": "correct horse battery"}
    assert client.post(login, sent).status_code == 422
    assert client.post(login, sent | {"username": WORK["value"]}).status_code == 302  # the control


def test_no_letter_goes_there(okta: Caller, mia: Any, client: Any, monkeypatch: Any) -> None:
    with in_tenant(okta.tenant):
        directory.set_password(User.objects.get(pk=mia["id"]), "correct horse battery", actor=SYSTEM)
    for bell in (tasks, mail_tasks):
        monkeypatch.setattr(bell, "ring", lambda tenant_id: None)

    def written_to() -> set[str]:
        tasks.answer_forgotten(str(okta.tenant.pk))
        return {address for address, subject, _ in letters(okta.tenant) if subject == "Set a new password"}

    page = f"/t/{okta.tenant.slug}/password/forgotten/"
    client.post(page, {"username": HOME["value"]})
    assert written_to() == set()
    client.post(page, {"username": "mia"})  # the control
    assert written_to() == {WORK["value"]}


def test_they_are_told_as_they_were_sent_after_the_companys(okta: Caller, mia: Any) -> None:
    assert mia["emails"] == [WORK, told(HOME), told(OTHER)]
    assert okta("GET", f"/Users/{mia['id']}").json() == mia
    assert okta.list()["Resources"] == [mia]


def test_an_address_is_told_once_of_a_type(okta: Caller) -> None:
    again = {"value": "MIA@home.example", "type": "Home"}
    assert okta.create("mia", emails=[WORK, HOME, again, {"value": None}])["emails"] == [WORK, told(HOME)]


def test_another_source_is_told_of_none(okta: Caller, entra: Caller, mia: Any) -> None:
    assert entra("GET", f"/Users/{mia['id']}").json()["emails"] == [WORK]
    assert found(entra, 'emails.value eq "mia@home.example"') == set()
    assert found(entra, 'emails.value eq "mia@acme.example"') == {"mia"}


@pytest.mark.parametrize(("wanted", "who"), {
    'emails.value eq "MIA@home.example"': {"mia"},
    'emails[type eq "home"].value eq "mia@home.example"': {"mia"},
    'emails[type eq "work"].value eq "mia@home.example"': set(),
    'emails[type eq "HOME" and value ew "home.example"]': {"mia"},
    'emails[primary eq false and type eq "other"]': {"mia"},
    'emails[primary eq true and type eq "other"]': set(),
    'emails.value co "home"': {"mia"},
    'emails.type ne "home"': {"noa"},
    'emails[not (type eq "work")]': {"mia"},
    'not (emails.type eq "other")': {"noa"},
    "emails pr": {"mia", "noa"},
}.items())  # fmt: skip
def test_filters_find_by_them(okta: Caller, mia: Any, wanted: str, who: set[str]) -> None:
    okta.create("noa")
    assert found(okta, wanted) == who


def test_filters_find_by_them_when_they_are_many(okta: Caller) -> None:
    for number in range(12):
        okta.create(
            f"p{number}",
            emails=[{"value": f"p{number}@acme.example"}, {**HOME, "value": f"p{number}@home.example"}],
        )
    okta.create("noa")
    assert len(found(okta, 'emails.type eq "home"')) == 12
    assert found(okta, 'not (emails.type eq "home")') == {"noa"}


OPERATIONS: dict[str, tuple[Any, list[Any]]] = {
    "Entra adds one that is not there": (
        {"op": "Add", "path": 'emails[type eq "mobile"].value', "value": "m@x.example"},
        [WORK, told(HOME), told(OTHER), {"value": "m@x.example", "type": "mobile", "primary": False}],
    ),
    "Entra replaces one": (
        {"op": "Replace", "path": 'emails[type eq "home"].value', "value": "new@home.example"},
        [WORK, told(HOME) | {"value": "new@home.example"}, told(OTHER)],
    ),
    "one is removed": ({"op": "remove", "path": 'emails[type eq "home"]'}, [WORK, told(OTHER)]),
    "dotted, without a path": (
        {"op": "replace", "value": {'emails[type eq "other"].value': "new@other.example"}},
        [WORK, told(HOME), told(OTHER) | {"value": "new@other.example"}],
    ),
    "the company's changes": (
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "mia.new@acme.example"},
        [WORK | {"value": "mia.new@acme.example"}, told(HOME), told(OTHER)],
    ),
    "the company's is taken away and stays": ({"op": "Remove", "path": 'emails[type eq "work"]'}, [WORK, told(HOME), told(OTHER)]),
    "the company's, without a path": (
        {"op": "replace", "value": {"title": "Lead", 'emails[type eq "work"].value': "mia.new@acme.example"}},
        [WORK | {"value": "mia.new@acme.example"}, told(HOME), told(OTHER)],
    ),
    "all are replaced": ({"op": "replace", "path": "emails", "value": [WORK, OTHER]}, [WORK, told(OTHER)]),
    "all by a single object": ({"op": "replace", "value": {"emails": WORK}}, [WORK]),
    "something else": ({"op": "replace", "path": "title", "value": "Lead"}, [WORK, told(HOME), told(OTHER)]),
}  # fmt: skip


@pytest.mark.parametrize("case", OPERATIONS)
def test_a_patch_changes_the_one_it_names(okta: Caller, mia: Any, case: str) -> None:
    operation, after = OPERATIONS[case]
    answer = okta.patch(mia["id"], operation)
    assert answer.status_code == 200, answer.content
    assert answer.json()["emails"] == after
    assert okta("GET", f"/Users/{mia['id']}").json()["emails"] == after
    for each in after:
        assert found(okta, f'emails.value eq "{each["value"]}"') == {"mia"}


def test_a_put_says_what_they_are_and_one_without_addresses_keeps_them(okta: Caller, mia: Any) -> None:
    path = f"/Users/{mia['id']}"
    assert okta("PUT", path, {"userName": "mia"}).json()["emails"] == mia["emails"]
    assert okta("PUT", path, mia).json()["emails"] == mia["emails"]
    assert okta("PUT", path, mia | {"emails": [WORK, OTHER]}).json()["emails"] == [WORK, told(OTHER)]
    assert found(okta, 'emails.value eq "mia@home.example"') == set()


def test_a_change_of_one_is_another_version_and_an_event(okta: Caller, mia: Any) -> None:
    operation = {"op": "replace", "path": 'emails[type eq "home"].value', "value": "new@home.example"}
    changed = okta.patch(mia["id"], operation).json()
    assert changed["meta"]["version"] != mia["meta"]["version"]
    with in_tenant(okta.tenant):
        event = Event.objects.filter(type="user_update").latest("created_at", "id")
        assert event.changes == [{
            "field": "secondary_emails", "from": "Mia@Home.example (home), m@other.example (other)",
            "to": "new@home.example (home), m@other.example (other)",
        }]  # fmt: skip
        assert event.actor_name == "Okta"
        before = Event.objects.count()
    okta.patch(mia["id"], operation)
    with in_tenant(okta.tenant):
        assert Event.objects.count() == before


def test_who_is_known_by_it_to_another_source_exists_and_waits_to_be_linked(
    okta: Caller, entra: Caller, mia: Any
) -> None:
    sent = {
        "userName": "mia.home",
        "externalId": "e1",
        "emails": [{"value": "mia@HOME.example", "type": "work"}],
    }
    answer = entra("POST", "/Users", sent)
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert answer.json()["detail"].startswith("emails.value: Email exists.")
    with in_tenant(okta.tenant):
        waiting = PendingLink.objects.get()
        assert str(waiting.user_id) == mia["id"]
        accept_link(waiting, actor=SYSTEM)
    linked = entra("POST", "/Users", sent)
    assert (linked.status_code, linked.json()["id"]) == (201, mia["id"])
    assert linked.json()["emails"] == [WORK]  # what signs them in stays
    assert okta("GET", f"/Users/{mia['id']}").json()["emails"] == mia["emails"]


def test_nobody_moves_to_an_address_by_which_another_source_knows_somebody(
    okta: Caller, entra: Caller, mia: Any
) -> None:
    noa = entra.create("noa")
    answer = entra.patch(noa["id"], {"op": "replace", "path": "emails", "value": [{"value": HOME["value"]}]})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_within_a_source_it_may_become_somebodys_own(okta: Caller, mia: Any) -> None:
    """The identity provider says who has which name (docs/decisions/0028)."""
    noa = okta.create("noa", emails=[{"value": HOME["value"], "type": "work"}])
    assert found(okta, 'emails.value eq "mia@home.example"') == {"mia", "noa"}
    with in_tenant(okta.tenant):
        assert str(User.objects.named(HOME["value"]).get().pk) == noa["id"]


def test_who_was_here_first_keeps_the_address_that_another_is_told_of(okta: Caller, bob: Person) -> None:
    mia = okta.create("mia", emails=[WORK, {"value": bob.user.email, "type": "other"}])
    assert len(mia["emails"]) == 2
    with in_tenant(okta.tenant):
        assert User.objects.named(bob.user.email).get() == bob.user


def test_of_an_administrator_they_do_not_change(okta: Caller, mia: Any) -> None:
    with in_tenant(okta.tenant):
        add_administrator(User.objects.get(pk=mia["id"]), role="read_only", actor=SYSTEM)
    operation = {"op": "replace", "path": 'emails[type eq "home"].value', "value": "new@home.example"}
    assert okta.patch(mia["id"], operation).status_code == 403
    assert okta.patch(mia["id"], {"op": "replace", "path": "title", "value": ""}).status_code == 200


def test_whoever_was_deleted_is_not_found_by_them_and_brings_them_back(
    okta: Caller, entra: Caller, mia: Any
) -> None:
    okta("DELETE", f"/Users/{mia['id']}")
    assert found(okta, 'emails.value eq "mia@home.example"') == set()
    assert entra.create("noa", emails=[{"value": HOME["value"]}])["id"] != mia["id"]
    back = okta("POST", "/Users", {"userName": "mia", "externalId": "00u1", "emails": [WORK, OTHER]})
    assert (back.status_code, back.json()["id"]) == (201, mia["id"])
    assert back.json()["emails"] == [WORK, told(OTHER)]
