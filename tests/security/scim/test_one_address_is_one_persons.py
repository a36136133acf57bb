"""
A source may give two of its people one address (docs/decisions/0028). It names one of them: who had it first signs in with it, is written to
about it, and is told to applications under it. Each refusal stands beside the same for that person.
"""

import re
from typing import Any

import pytest
from django.test import Client

from apps.accounts.forgotten_answers import answer_requests
from apps.applications.actions import add_application
from apps.directory.actions import add_user, set_password, update_user
from apps.directory.errors import FieldsTaken
from apps.directory.models import User
from apps.events.actors import Actor
from apps.mail.models import Letter
from apps.saml.models import SsoSettings
from apps.saml.name_id_values import name_id_expression
from apps.saml.statement import Unwritable, statement_about
from apps.scim.models import PendingLink
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD, Person
from tests.scim.conftest import Caller

SYSTEM = Actor.system()
ADDRESS = "desk@acme.example"


def post(caller: Caller, user_name: str, email: str = ADDRESS, **attributes: Any) -> Any:
    return caller("POST", "/Users", {"userName": user_name, "emails": [{"value": email}]} | attributes)


def stored(caller: Caller, user_id: str) -> User:
    with in_tenant(caller.tenant):
        user: User = User.objects.get(pk=user_id)
        return user


def signs_in(name: str) -> bool:
    answer = Client().post("/t/acme/login/", {"username": name, "password": PASSWORD})
    return answer.status_code == 302


@pytest.fixture
def two(okta: Caller) -> tuple[str, str]:
    """The one who was there first, and the one who has the address as well."""
    made = [post(okta, name, externalId=name) for name in ("cai", "dov")]
    assert [each.status_code for each in made] == [201, 201]
    assert [each.json()["emails"][0]["value"] for each in made] == [ADDRESS, ADDRESS]
    return made[0].json()["id"], made[1].json()["id"]


def test_the_source_finds_both(okta: Caller, two: tuple[str, str]) -> None:
    for query in (f'emails.value eq "{ADDRESS}"', 'emails[type eq "work"].value sw "desk"'):
        assert {each["id"] for each in okta.list(filter=query)["Resources"]} == set(two)


def test_it_signs_in_whoever_had_it_first(okta: Caller, two: tuple[str, str]) -> None:
    with in_tenant(okta.tenant):
        set_password(stored(okta, two[1]), PASSWORD, actor=SYSTEM)
    assert signs_in("dov")
    assert not signs_in(ADDRESS)
    with in_tenant(okta.tenant):
        set_password(stored(okta, two[0]), PASSWORD, actor=SYSTEM)
        assert User.objects.named(ADDRESS).get() == stored(okta, two[0])
    assert signs_in(ADDRESS)


@pytest.mark.parametrize(("typed", "number"), [(ADDRESS, 0), ("cai", 0), ("dov", 1)])
def test_a_forgotten_password_is_whoever_the_name_is(
    okta: Caller, two: tuple[str, str], typed: str, number: int
) -> None:
    with in_tenant(okta.tenant):
        for each in two:
            set_password(stored(okta, each), PASSWORD, actor=SYSTEM)
        Letter.objects.all().delete()
    Client().post("/t/acme/password/forgotten/", {"username": typed})
    with in_tenant(okta.tenant):
        answer_requests()
        text = Letter.objects.get().text
    link = re.search(r"http://127\.0\.0\.1:8000(\S+)", text)
    assert link is not None
    fresh = "a fresh long password"
    assert Client().post(link[1], {"password": fresh, "repeated": fresh}).status_code == 302
    changed = [stored(okta, each).check_password(fresh) for each in two]
    assert changed == [number == 0, number == 1]


def test_applications_are_told_it_of_one(okta: Caller, two: tuple[str, str]) -> None:
    with in_tenant(okta.tenant):
        wiki = add_application(actor=SYSTEM, connector="custom_saml", display_label="Wiki")
        mail = {"name": "mail", "source": "email", "constant": "", "enabled": True, "name_format": "basic"}
        settings = SsoSettings(application=wiki, name_id_source="email", attributes=[mail])
        first, second = stored(okta, two[0]), stored(okta, two[1])
        said = statement_about(first, settings, [])  # the control
        assert (said.name_id, said.attributes[0].values) == (ADDRESS, (ADDRESS,))
        with pytest.raises(Unwritable):
            statement_about(second, settings, [])
        told = User.objects.annotate(name_id=name_id_expression(settings)).values_list("username", "name_id")
        assert dict(told) == {"cai": ADDRESS, "dov": ""}
        settings.name_id_source = "username"
        said = statement_about(second, settings, [])
        assert said.name_id == "dov"
        assert ADDRESS not in {value for each in said.attributes for value in each.values}


def test_it_goes_on_to_the_other_when_it_is_free_and_the_source_says_so(
    okta: Caller, two: tuple[str, str]
) -> None:
    change = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "cai@acme.example"}
    assert okta.patch(two[0], change).status_code == 200
    assert stored(okta, two[1]).shares_email  # nobody asked
    assert okta.patch(two[1], {"op": "replace", "path": "title", "value": "Desk"}).status_code == 200
    assert not stored(okta, two[1]).shares_email
    assert okta.patch(two[0], change | {"value": ADDRESS}).status_code == 200
    assert [stored(okta, each).shares_email for each in two] == [True, False]


@pytest.mark.parametrize("how", ["create", "change"])
def test_nobody_elses_address_is_shared(okta: Caller, entra: Caller, bob: Person, how: str) -> None:
    """Not that of somebody who was here first, nor of another source's: the one waits to be linked, the other is refused."""
    entras = post(entra, "theirs", "theirs@acme.example").json()["id"]
    own = okta.create("mia")["id"]
    for email in (bob.user.email, "theirs@acme.example", "BOB@acme.example"):
        if how == "create":
            answer = post(okta, "thief", email)
        else:
            answer = okta.patch(
                own, {"op": "replace", "path": 'emails[type eq "work"].value', "value": email}
            )
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    with in_tenant(okta.tenant):
        waiting = set(PendingLink.objects.values_list("user__username", flat=True))
        assert waiting == ({"bob", "theirs"} if how == "create" else set())
    assert not stored(okta, entras).shares_email


def test_the_console_and_the_api_make_no_second_one(okta: Caller, two: tuple[str, str]) -> None:
    """Only a source says so of its own people."""
    with in_tenant(okta.tenant):
        with pytest.raises(FieldsTaken):
            add_user(actor=SYSTEM, username="third", email=ADDRESS)
        third = add_user(actor=SYSTEM, username="third", email="third@acme.example")  # the control
        with pytest.raises(FieldsTaken):
            update_user(third, actor=SYSTEM, email=ADDRESS)
        assert update_user(stored(okta, two[1]), actor=SYSTEM, email=ADDRESS).shares_email  # as it was
        assert not update_user(stored(okta, two[1]), actor=SYSTEM, email="dov@acme.example").shares_email


def test_the_database_has_the_last_word(okta: Caller, two: tuple[str, str]) -> None:
    from django.db import IntegrityError, transaction

    with in_tenant(okta.tenant):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=two[1]).update(shares_email=False)
        assert User.objects.filter(email_key=ADDRESS).count() == 2  # the control
