"""The browser's wish, the browser's choice, the person's choice; never a program's, and never the log's."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation

from apps.accounts.notices import recipient
from apps.accounts.organisation_settings import update_organisation
from apps.applications.actions import add_application
from apps.directory.actions import choose_language
from apps.directory.errors import FieldsInvalid
from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.language import said, written
from apps.mail.enqueue import Message, post
from apps.mail.models import Letter
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db
GERMAN = {"headers": {"accept-language": "de-AT,de;q=0.9"}}
LANGUAGE = "/t/acme/language/"


def language_of(client, path="/t/acme/login/", **more):
    response = client.get(path, **more)
    assert f'<html lang="{response["Content-Language"]}"' in response.content.decode()
    return response["Content-Language"]


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("", "en"), ("de", "de"), ("de-CH, en;q=0.5", "de"), ("fr, de;q=0.5", "de"), ("fr", "en"), ("*", "en"), ("x" * 9000, "en"), (";;,", "en")],
)  # fmt: skip
def test_a_browser_is_spoken_to_as_it_asks(tenant, asked, spoken):
    assert language_of(Client(headers={"accept-language": asked})) == spoken


def test_a_choice_in_the_browser_goes_before_what_it_asks(tenant):
    client = Client(**GERMAN)
    answer = client.post(LANGUAGE, {"language": "en", "next": "/t/acme/password/forgotten/"})
    assert (answer.status_code, answer["Location"]) == (302, "/t/acme/password/forgotten/")
    assert language_of(client) == "en"
    client.post(LANGUAGE, {"language": ""})
    assert language_of(client) == "de"


def test_an_organisations_language_goes_before_what_a_browser_asks_and_after_what_is_chosen(bob):
    update_organisation(bob.tenant, language="de", actor=Actor.system())
    client = Client(headers={"accept-language": "en"})
    assert language_of(client) == "de"
    assert language_of(bob.client, "/t/acme/me/") == "de"
    assert language_of(client, "/") == "en"  # the control: outside the organisation it is not
    client.post(LANGUAGE, {"language": "en"})
    assert language_of(client) == "en"
    bob.client.post(LANGUAGE, {"language": "en"})
    assert language_of(bob.client, "/t/acme/me/") == "en"
    page = bob.client.post(LANGUAGE, {"language": "", "next": "/t/acme/me/"}, follow=True).content.decode()
    assert "Ihre Sprache ist gespeichert." in page
    assert language_of(bob.client, "/t/acme/me/") == "de"


@pytest.mark.parametrize("path", ["/t/acme/scim/v2/Users", "/t/acme/api/v1/users/"])
def test_an_organisations_language_and_clock_are_none_of_a_programs(tenant, path):
    before = Client().get(path)
    update_organisation(tenant, language="de", timezone="Asia/Kathmandu", actor=Actor.system())
    assert Client().get(path).content == before.content


@pytest.mark.parametrize(("language", "other"), [("en", "Deutsch"), ("de", "English")])
def test_the_other_languages_are_offered_in_themselves(tenant, language, other):
    page = Client(headers={"accept-language": language}).get("/t/acme/login/").content.decode()
    assert f">{other}</button>" in page


def test_the_first_page_of_all_has_the_choice_too():
    client = Client()
    assert client.post("/language/", {"language": "de"})["Location"] == "/"
    assert language_of(client, "/") == "de"


def test_a_persons_choice_follows_them_and_is_told_once(bob):
    for _again in range(2):
        bob.client.post(LANGUAGE, {"language": "de", "next": "/t/acme/me/"})
    with in_tenant(bob.tenant):
        assert User.objects.get(pk=bob.user.pk).language == "de"
        told = Event.objects.filter(type=EventType.USER_UPDATE, target_id=str(bob.user.pk))
        assert [event.changes for event in told] == [[{"field": "language", "from": "", "to": "de"}]]
    del bob.client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert language_of(bob.client, "/t/acme/me/") == "de"
    assert translation.get_language() == "en"  # and nobody else is spoken to so


@pytest.mark.parametrize("unknown", ["fr", "de-XX", "../de", "\0", "d" * 500])
def test_a_language_that_is_not_spoken_changes_nothing(bob, unknown):
    bob.client.post(LANGUAGE, {"language": unknown})
    assert settings.LANGUAGE_COOKIE_NAME not in bob.client.cookies
    with in_tenant(bob.tenant):
        assert User.objects.get(pk=bob.user.pk).language == ""


def test_the_directory_takes_no_such_language_either(bob, system):
    with in_tenant(bob.tenant), pytest.raises(FieldsInvalid):
        choose_language(bob.user, "fr", actor=system)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/t/other/", "/\\evil.example"])  # fmt: skip
def test_the_choice_leads_nowhere_else(tenant, elsewhere):
    answer = Client().post(LANGUAGE, {"language": "de", "next": elsewhere})
    assert answer["Location"] == "/t/acme/"


def test_opening_the_address_chooses_nothing(tenant):
    assert Client().get(LANGUAGE, {"language": "de"}).status_code == 405


@pytest.mark.parametrize("path", ["/t/acme/scim/v2/Users", "/t/acme/api/v1/users/"])
def test_programs_are_answered_in_english(tenant, path):
    with translation.override("de"):
        here = translation.gettext("Sign in")
    asked_in_german, asked_in_none = Client(**GERMAN).get(path), Client().get(path)
    assert asked_in_german.content == asked_in_none.content
    assert here != "Sign in"  # or this shows nothing


def test_a_letter_is_in_its_readers_language(bob, alice, system):
    with in_tenant(bob.tenant):
        german = choose_language(bob.user, "de", actor=system)
        readers = [recipient(german), recipient(alice.user)]
        post(lambda: Message(translation.gettext("Your password was set"), "…"), readers)
        subjects = dict(Letter.objects.values_list("recipient_name", "subject"))
    assert subjects["alice"] == "Your password was set" != subjects["bob"]


def test_a_letter_to_whoever_chose_nothing_is_in_the_organisations_language_and_by_its_clock(
    bob, alice, system
):
    def write():
        return Message(translation.gettext("Your password was set"), str(timezone.get_current_timezone()))

    update_organisation(bob.tenant, language="de", timezone="Asia/Kathmandu", actor=system)
    with in_tenant(bob.tenant):
        english = choose_language(alice.user, "en", actor=system)
        post(write, [recipient(bob.user), recipient(english)])
        letters = {letter.recipient_name: letter for letter in Letter.objects.all()}
    assert letters["alice"].subject == "Your password was set" != letters["bob"].subject
    assert {letter.text for letter in letters.values()} == {"Asia/Kathmandu"}
    assert timezone.get_current_timezone_name() == "UTC"


def test_what_is_written_down_is_in_one_language():
    sentence = said(translation.gettext_lazy("%(name)s: provisioning goes on by itself"), {"name": "Wiki"})
    with translation.override("de"):
        assert written(sentence) == "Wiki: provisioning goes on by itself" != str(sentence)


def test_a_german_readers_refused_sign_in_is_logged_in_english(bob, system):
    with in_tenant(bob.tenant):
        choose_language(bob.user, "de", actor=system)
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
    page = bob.client.get(f"/t/acme/launch/{application.slug}", follow=True)
    with in_tenant(bob.tenant):
        told = Event.objects.filter(type=EventType.SSO_AUTH).get()
    assert (
        told.error_message
        == "This application is not set up yet: its SSO tab still needs the other side's data."
    )
    assert told.error_message not in page.content.decode()
