"""Operators of the installation: how somebody becomes one, and what they do with organisations."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import Administrator
from apps.directory.models import SignInPolicy, User
from apps.events.models import Event
from apps.mail.models import Letter
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.conftest import PASSWORD, signed_in

pytestmark = pytest.mark.django_db

OSCAR = {"username": "oscar", "email": "oscar@host.example"}
NEW = {"slug": "initech", "name": "Initech", "owner": "peter@initech.example"}


def types_in(tenant, **about):
    with in_tenant(tenant):
        return list(Event.objects.filter(**about).order_by("created_at").values_list("type", flat=True))


def add(username="olivia"):
    call_command("addoperator", username, "--email", f"{username}@host.example", stdout=StringIO())


# Becoming one ----------------------------------------------------------------------------------------------------


def test_without_operators_there_is_nothing_at_the_address(client):
    assert client.get("/platform/").status_code == client.get("/platform/login/").status_code == 404


def test_the_command_adds_one_who_needs_a_second_factor(client, monkeypatch):
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)
    add()
    answer = client.post("/platform/login/", {"username": "olivia", "password": PASSWORD})
    assert "/platform/login/second-factor/" in answer["Location"]
    assert client.get("/platform/tenants/")["Location"].startswith("/platform/login/")
    add("oscar")
    tenant = Tenant.objects.get()
    with in_tenant(tenant):
        assert User.objects.count() == 2
        assert SignInPolicy.objects.get().second_factor == "everybody"
        assert Event.objects.filter(type="operator_create").count() == 2


def test_the_command_says_what_is_wrong(monkeypatch):
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)
    add()
    with pytest.raises(CommandError, match="already taken"):
        add()
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", "short")
    with pytest.raises(CommandError, match="too short"):
        add("oscar")


def test_a_session_is_good_below_its_own_address_alone(olivia, alice):
    cookie = olivia.client.post("/platform/logout/").cookies["gatehouse_session"]
    assert cookie["path"] == "/platform/"
    assert "/platform/login/" in Client().get("/platform/tenants/")["Location"]
    assert "/platform/login/" in alice.client.get("/platform/tenants/")["Location"]


def test_an_owners_password_opens_nothing_here(olivia, alice):
    answer = Client().post("/platform/login/", {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 422


def test_a_customer_may_be_called_platform(olivia, client):
    olivia.post("/tenants/new/", NEW | {"slug": "platform"})
    assert "Initech" in client.get("/t/platform/login/").content.decode()
    assert client.get("/t/_platform/login/").status_code == 404
    assert olivia.post("/tenants/new/", NEW | {"slug": "_platform"}).status_code == 422


def test_the_operators_own_pages_are_everybodys(olivia):
    for path in ("/me/", "/me/security/", "/me/activity", "/me/password/", "/logout/"):
        assert olivia.get(path).status_code == 200, path
    assert olivia.get("/")["Location"] == "/platform/tenants/"
    for path in ("/console/", "/scim/v2/Users", "/api/v1/users/", "/saml2/gitlab"):
        assert olivia.get(path).status_code == 404, path


def operators():
    with in_tenant(Tenant.objects.get(slug="_platform")):
        return set(User.objects.values_list("username", flat=True))


def user(name):
    with in_tenant(Tenant.objects.get(slug="_platform")):
        return User.objects.get(username=name)


def remove(operator, name):
    return operator.post(f"/operators/{user(name).pk}/removal/")


def test_the_last_operator_stays(olivia):
    answer = remove(olivia, "olivia")
    assert (answer.status_code, operators()) == (422, {"olivia"})
    assert "The last operator stays." in answer.content.decode()
    with pytest.raises(CommandError, match="last operator stays"):
        call_command("removeoperator", "olivia")


def test_somebody_invited_who_never_came_is_no_second_operator(olivia):
    olivia.post("/operators/new/", OSCAR)
    assert remove(olivia, "olivia").status_code == 422
    assert remove(olivia, "oscar").status_code == 302  # the control: somebody else with a password is left
    assert operators() == {"olivia"}


def test_a_session_that_was_left_open_makes_and_removes_no_operator(olivia, monkeypatch):
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)
    add("oscar")
    signed_in(olivia.client, None)
    answers = [olivia.post("/operators/new/", OSCAR | {"username": "oskar"}), remove(olivia, "oscar")]
    assert all("/platform/reauthentication/" in answer["Location"] for answer in answers)
    assert operators() == {"olivia", "oscar"}


def test_the_command_removes_nobody_it_does_not_know(monkeypatch):
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)
    with pytest.raises(CommandError, match="no operators"):
        call_command("removeoperator", "oscar")
    add()
    with pytest.raises(CommandError, match="No operator is called “oscar”"):
        call_command("removeoperator", "oscar")


def test_an_operator_adds_another_who_is_invited(olivia):
    page = olivia.post("/operators/new/", OSCAR, follow=True).content.decode()
    assert "oscar is an operator now" in page
    assert "Invited" in page
    with in_tenant(olivia.tenant):
        letter = Letter.objects.get()
        event = Event.objects.get(type="operator_create", target_name="oscar")
    assert (letter.address, event.actor_name) == ("oscar@host.example", "olivia")
    link = re.search(r"/platform/invitation/\S+", letter.text)
    assert link
    assert Client().get(link[0]).status_code == 200


def test_an_operator_who_is_removed_is_out_at_once(olivia, monkeypatch):
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)
    add("oscar")
    browser = Client()
    browser.post("/platform/login/", {"username": "oscar", "password": PASSWORD})
    assert remove(olivia, "oscar").status_code == 302
    assert "operator_delete" in types_in(olivia.tenant, target_name="oscar", actor_name="olivia")
    answer = browser.post("/platform/login/", {"username": "oscar", "password": PASSWORD})
    assert answer.status_code == 422
    assert "oscar" in olivia.get("/operators/").content.decode()  # below, in what happened lately


def test_the_command_removes_one(olivia, monkeypatch):
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", PASSWORD)
    add("oscar")
    call_command("removeoperator", "oscar@host.example", stdout=StringIO())
    assert operators() == {"olivia"}
    assert "operator_delete" in types_in(olivia.tenant, target_name="oscar")


@pytest.mark.parametrize("address", ["/platform", "/t/acme", "/t/nobody"])
def test_an_address_without_its_slash_leads_to_the_one_with_it(client, tenant, address):
    answer = client.get(f"{address}?next=1")
    assert (answer.status_code, answer["Location"]) == (301, f"{address}/?next=1")
    assert client.post(address).status_code == 404


# Organisations ---------------------------------------------------------------------------------------------------


def test_an_organisation_is_created_with_an_owner_who_is_invited(olivia):
    answer = olivia.post("/tenants/new/", NEW, follow=True)
    assert "peter@initech.example gets a mail" in answer.content.decode()
    tenant = Tenant.objects.get(slug="initech")
    with in_tenant(tenant):
        owner = Administrator.objects.select_related("user").get()
        letter = Letter.objects.get()
    assert (owner.role, owner.user.email, letter.address) == ("owner", NEW["owner"], NEW["owner"])
    link = re.search(r"/t/initech/invitation/\S+", letter.text)
    assert link
    assert Client().get(link[0]).status_code == 200
    assert "organization_create" in types_in(tenant)
    assert types_in(olivia.tenant, target_id=str(tenant.pk)) == ["organization_create"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"slug": "acme"}, "already exists"),
        ({"slug": "No Good"}, "lower-case letters"),
        ({"owner": "nobody"}, "valid email"),
        ({"name": ""}, "required"),
    ],
)
def test_what_cannot_be_comes_back_with_what_was_typed(olivia, tenant, wrong, says):
    answer = olivia.post("/tenants/new/", NEW | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert all(f'value="{value}"' in page for value in (NEW | wrong).values() if value)
    assert set(Tenant.objects.values_list("slug", flat=True)) == {"acme", "_platform"}


def test_an_organisation_is_renamed_and_both_logs_tell(olivia, tenant):
    olivia.post(f"/tenants/{tenant.pk}/", {"name": "Acme Holding"})
    tenant.refresh_from_db()
    assert (tenant.name, tenant.slug) == ("Acme Holding", "acme")
    with in_tenant(tenant):
        event = Event.objects.get()
    assert (event.type, event.actor_name) == ("organization_update", "olivia")
    assert event.changes == [{"field": "name", "from": "Acme Robotics", "to": "Acme Holding"}]
    assert types_in(olivia.tenant, target_id=str(tenant.pk)) == ["organization_update"]


def test_the_list_counts_and_names_nobody(olivia, alice, bob, charlie):
    page = olivia.get("/tenants/").content.decode()
    text = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert re.search(r"Acme Robotics /t/acme/ Active 2 0", text)
    assert re.search(r"Globex /t/globex/ Active 1 0", text)
    assert "alice" not in page.lower()
    assert "Globex" not in olivia.get("/tenants/?q=acme").content.decode()


def test_the_operators_own_organisation_is_none_of_them(olivia):
    assert "_platform" not in olivia.get("/tenants/").content.decode()
    for path in ("", "suspension/", "deletion/"):
        assert olivia.post(f"/tenants/{olivia.tenant.pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "suspension/", "resumption/", "deletion/"])
def test_a_session_that_was_left_open_does_nothing(olivia, tenant, path):
    signed_in(olivia.client, None)
    answer = olivia.post(f"/tenants/{tenant.pk}/{path}", {"name": "Mine"})
    assert "/platform/reauthentication/" in answer["Location"]
    tenant.refresh_from_db()
    assert (tenant.active, tenant.name) == (True, "Acme Robotics")


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x07", "\n"])
def test_a_name_that_cannot_be_seen_is_refused(olivia, tenant, hidden):
    bad = {"name": f"Ini{hidden}tech", "owner": f"pe{hidden}ter@initech.example"}
    for field, value in bad.items():
        assert olivia.post("/tenants/new/", NEW | {field: value}).status_code == 422
    assert olivia.post(f"/tenants/{tenant.pk}/", {"name": bad["name"]}).status_code == 422
    assert Tenant.objects.count() == 2
    bad = {"username": f"os{hidden}car", "email": f"os{hidden}car@host.example"}
    for field, value in bad.items():
        assert olivia.post("/operators/new/", OSCAR | {field: value}).status_code == 422
    assert operators() == {"olivia"}
