"""An invitation and a reset: good once, for a while, for one purpose, in one organisation, for the account as it was."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.actions import TRIES_PER_ACCOUNT, add_administrator
from apps.accounts.models import LinkPurpose, OneTimeLink
from apps.accounts.one_time_links import LIFETIME, LinkOver, add_link, invite, send_reset_link, use_link
from apps.directory.actions import add_user, deactivate_user, reactivate_user, set_password, update_user
from apps.directory.errors import FieldsInvalid
from apps.directory.models import User
from apps.events.models import Event
from apps.mail import tasks
from apps.tenants.context import in_tenant
from tests.accounts.mails import letters, links
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "quite another passphrase"
PAGE = {LinkPurpose.RESET: "password/reset", LinkPurpose.INVITATION: "invitation"}


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    monkeypatch.setattr(tasks, "ring", lambda tenant_id: None)


@pytest.fixture
def link(bob):
    """`link(purpose)`: the path of a new one of bob's."""

    def made(purpose=LinkPurpose.RESET, *, tenant="acme"):
        with in_tenant(bob.tenant):
            return f"/t/{tenant}/{PAGE[purpose]}/{add_link(bob.user, purpose)}/"

    return made


def use(path, password=NEW, repeated=None, **extra):
    return Client().post(path, {"password": password, "repeated": repeated or password}, **extra)


def knows(who, password):
    with in_tenant(who.tenant):
        return User.objects.get(pk=who.user.pk).check_password(password)


def is_over(path):
    """Neither shown nor taken."""
    return Client().get(path).status_code == 404 and use(path).status_code == 404


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_a_link_sets_the_password_once(bob, link, purpose):
    path, other = link(purpose), link(LinkPurpose.RESET)
    assert Client().get(path).status_code == 200
    assert Client().get(path).status_code == 200  # mail programs look first
    answer = use(path)
    assert (answer.status_code, answer.url) == (302, "/t/acme/login/")
    assert knows(bob, NEW)
    assert is_over(path)
    assert is_over(other)  # so are the others of that person


def test_it_signs_nobody_in_and_ends_every_session(bob, link):
    client = Client()
    client.post(link(), {"password": NEW, "repeated": NEW})
    assert client.get("/t/acme/me/").status_code == 302
    assert bob.get("/me/").status_code == 302


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_it_ends_with_its_time(bob, link, purpose):
    path = link(purpose)
    with time_machine.travel(timezone.now() + LIFETIME[purpose] - timedelta(seconds=5)):
        assert Client().get(path).status_code == 200
    with time_machine.travel(timezone.now() + LIFETIME[purpose] + timedelta(seconds=5)):
        assert is_over(path)
    assert knows(bob, PASSWORD)


def changed_password(user, system):
    set_password(user, "something else altogether", actor=system)


def left_and_came_back(user, system):
    reactivate_user(deactivate_user(user, actor=system), actor=system)


def left(user, system):
    deactivate_user(user, actor=system)


def moved(user, system):
    update_user(user, actor=system, email="bob@elsewhere.example")


@pytest.mark.parametrize("change", [changed_password, left, left_and_came_back, moved])
def test_it_ends_when_the_account_is_another(bob, link, system, change):
    path, control = link(), link(LinkPurpose.INVITATION)
    with in_tenant(bob.tenant):
        update_user(bob.user, actor=system, job_title="Engineer")
    assert Client().get(control).status_code == 200  # negative control: any other change is none
    with in_tenant(bob.tenant):
        change(bob.user, system)
    assert is_over(path)
    assert not knows(bob, NEW)


def test_each_purpose_has_a_door_of_its_own(bob, link):
    reset, invitation = link(LinkPurpose.RESET), link(LinkPurpose.INVITATION)
    token = reset.split("/")[-2]
    assert is_over(f"/t/acme/invitation/{token}/")
    assert is_over(f"/t/acme/password/reset/{invitation.split('/')[-2]}/")
    assert Client().get(reset).status_code == 200  # negative control


def test_it_is_nothing_in_another_organisation(bob, charlie, link):
    path = link(tenant="globex")
    assert is_over(path)
    assert Client().get(path.replace("globex", "acme")).status_code == 200  # negative control


@pytest.mark.parametrize(
    "token",
    ["x", "reset_", "reset_0123456789abcdef_" + "0" * 64, "a" * 5000, "ü", "%00", "..", "reset_x%0ay"],
)
def test_what_is_no_link_is_told_as_one_that_is_over(tenant, token):
    answer = Client().get(f"/t/acme/password/reset/{token}/")
    assert answer.status_code == 404


def test_a_link_changed_in_one_place_is_none(bob, link):
    path = link()
    wrong = path[:-2] + ("0" if path[-2] != "0" else "1") + "/"
    assert is_over(wrong)
    assert Client().get(path).status_code == 200  # negative control


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"password": "short"}, "at least 8"),
        ({"password": "password123"}, "too common"),
        ({"password": "bob@acme.example"}, "too similar"),
        ({"password": NEW, "repeated": "other"}, "differs"),
        ({"password": ""}, "required"),
    ],
)
def test_a_bad_password_is_told_and_the_link_stays_good(bob, link, typed, complaint):
    path = link()
    answer = use(path, **typed)
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert knows(bob, PASSWORD)
    assert use(path).status_code == 302


def test_the_lock_ends_with_it(bob, link):
    for _ in range(TRIES_PER_ACCOUNT):
        Client().post("/t/acme/login/", {"username": "bob", "password": "wrong"})
    use(link())
    assert Client().post("/t/acme/login/", {"username": "bob", "password": NEW}).status_code == 302


def test_without_a_csrf_token_it_changes_nothing(bob, link):
    client = Client(enforce_csrf_checks=True)
    assert client.post(link(), {"password": NEW, "repeated": NEW}).status_code == 403
    assert knows(bob, PASSWORD)


def test_only_hashes_are_kept(bob, link):
    token = link().split("/")[-2]
    with in_tenant(bob.tenant):
        rows = str(list(OneTimeLink.objects.values()))
        assert token.split("_")[1] in rows  # negative control
        assert token.split("_")[2] not in rows
        assert token.split("_")[2] not in str(list(Event.objects.values()))


# The mails


def test_an_invitation_says_who_where_and_how_long(bob, system, tenant):
    with in_tenant(tenant):
        user = add_user(actor=system, username="mia", email="mia@acme.example", first_name="Mia")
        invite(user, actor=system)
        [event] = Event.objects.filter(type="user_invite")
        assert event.target_name == "Mia"
    [(address, subject, text)] = letters(tenant)
    assert (address, subject) == ("mia@acme.example", "Your account at Acme Robotics")
    assert "Your username is mia" in text
    assert "seven days" in text
    [path] = links(tenant)
    assert use(path).status_code == 302
    assert Client().post("/t/acme/login/", {"username": "mia", "password": NEW}).status_code == 302


def test_a_set_password_is_told_to_its_owner(bob, link, tenant):
    use(link())
    [(address, subject, text)] = letters(tenant)
    assert (address, subject) == ("bob@acme.example", "Your password was set")
    assert NEW not in text


@pytest.mark.parametrize(
    "header", ["HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_X_FORWARDED_PROTO"]
)
def test_no_header_chooses_the_address_in_a_mail(alice, bob, tenant, settings, header):
    settings.ALLOWED_HOSTS = ["*"]
    alice.post(f"/console/users/{bob.user.pk}/password-link/", **{header: "evil.example"})
    texts = " ".join(text for _address, _subject, text in letters(tenant))
    assert "http://127.0.0.1:8000/t/acme/password/reset/" in texts
    assert "evil" not in texts


def test_a_deactivated_person_gets_none(bob, system, tenant):
    with in_tenant(tenant):
        user = deactivate_user(bob.user, actor=system)
        for send in (invite, send_reset_link):
            with pytest.raises(FieldsInvalid):
                send(user, actor=system)
        assert not OneTimeLink.objects.exists()
    assert letters(tenant) == []


def test_what_is_rolled_back_sends_nothing(bob, system, tenant):
    class Undone(Exception):
        pass

    with in_tenant(tenant):
        with pytest.raises(Undone), transaction.atomic():
            invite(bob.user, actor=system)
            raise Undone
        assert not OneTimeLink.objects.exists()
    assert letters(tenant) == []


# Two at once


@pytest.mark.django_db(transaction=True)
def test_two_who_use_it_at_once_set_one_password(bob, system):
    start = Barrier(2)
    with in_tenant(bob.tenant):
        token = add_link(bob.user, LinkPurpose.RESET)

    def run(password):
        try:
            start.wait()
            with in_tenant(bob.tenant):
                use_link(token, LinkPurpose.RESET, password, actor=system)
        except LinkOver:
            return None
        else:
            return password
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        won = [done for done in threads.map(run, ("first of the two", "second of the two")) if done]
    assert len(won) == 1
    assert knows(bob, won[0])


# The console


def test_an_administrator_sends_the_one_that_fits(alice, bob, tenant, system):
    with in_tenant(tenant):
        new = add_user(actor=system, username="mia", email="mia@acme.example")
    for user, words, page in (
        (bob.user, "Send reset link", "password/reset"),
        (new, "Send invitation", "invitation"),
    ):
        assert words in alice.get(f"/console/users/{user.pk}/").content.decode()
        assert (
            alice.post(f"/console/users/{user.pk}/password-link/").url == f"/t/acme/console/users/{user.pk}/"
        )
        assert len(links(tenant, page)) == 1


def test_nobody_else_sends_one(alice, bob, charlie, tenant, system):
    path = f"/console/users/{bob.user.pk}/password-link/"
    assert bob.post(path).status_code == 403
    assert charlie.post(path).status_code == 404
    with in_tenant(tenant):
        add_administrator(bob.user, actor=system)
    assert bob.post(f"/console/users/{alice.user.pk}/password-link/").status_code == 403  # an owner's
    assert letters(tenant) == []


@pytest.mark.parametrize(
    ("typed", "mails"), [({"invite": "on"}, 1), ({}, 0), ({"invite": "on", "password": NEW}, 0)]
)
def test_a_new_person_is_invited_if_that_is_ticked_and_they_have_no_password(alice, tenant, typed, mails):
    answer = alice.post("/console/users/new/", {"username": "mia", "email": "mia@acme.example"} | typed)
    assert answer.status_code == 302
    assert len(links(tenant, "invitation")) == mails
