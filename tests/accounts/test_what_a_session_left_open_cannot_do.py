"""Secrets, keys and passwords ask for a sign-in of the last 15 minutes. Everything else does not."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.actions import TRIES_PER_ACCOUNT
from apps.accounts.models import OneTimeLink
from apps.api.models import ApiKey
from apps.applications.actions import add_application
from apps.directory.actions import set_password
from apps.directory.models import SignInPolicy, User
from apps.events.models import Event
from apps.events.types import EventType
from apps.provisioning.models import Integration
from apps.saml.actions.key_pairs import add_certificate
from apps.saml.models import KeyPair
from apps.scim.actions.sources import add_scim_token
from apps.scim.models import ScimToken
from apps.tenants.context import in_tenant
from tests.api.conftest import script_of
from tests.conftest import PASSWORD, signed_in
from tests.security.addresses import every_address

pytestmark = pytest.mark.django_db
CONFIRM = "/t/acme/reauthentication/"
POLICY = {"minimum_length": 12, "history": 0, "maximum_age_days": 0, "second_factor": "optional"}
ELSEWHERE = {
    "base_url": "https://accounts.example/scim",
    "token": "a-token-of-theirs",
    "deprovisioning": "suspend",
}
GUARDED = {
    "console:sources", "console:source", "console:pending_link", "console:source_removal", "console:source_group_link", "console:external_group_removal", "console:external_identity_removal", "console:scim_token_revocation", "api_pages:keys", "api_pages:key_revocation",
    "console:application_certificates", "console:application_certificate_upload",
    "console:application_certificate_promotion", "console:application_certificate_retirement", "console:user_password",
    "console:user_password_link",
    "console:application_connection",
    "console:sign_in_policy",
    "console:webhook_new", "console:webhook_settings", "console:webhook_secrets", "console:webhook_secret_removal",
    "console:webhook_removal", "console:webhook_replay",
    "console:user_second_factor",
    "launcher:authenticator",
    "launcher:authenticator_removal",
    "launcher:recovery_codes",
    "launcher:passkey_new",
    "launcher:passkey_removal",
}  # fmt: skip


def long_ago(who, minutes=16):
    signed_in(who.client, timezone.now() - timedelta(minutes=minutes))


def to_confirm(path):
    return f"{CONFIRM}?next={quote(f'/t/acme{path}', safe='')}"


@pytest.fixture
def paths(alice, bob, system):
    """Every guarded address that takes a form, with something there to change."""
    with in_tenant(alice.tenant):
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        gitlab = add_application(
            actor=system, connector="gitlab_saas", display_label="GitLab", parameters={"group_path": "acme"}
        )
        pair = add_certificate(application, actor=system)
        token, _secret = add_scim_token(actor=system, name="Okta")
    at = f"/console/applications/{application.pk}/sso/certificates/"
    return {
        "sources": "/console/sources/",
        "revocation": f"/console/sources/tokens/{token.pk}/revocation/",
        "keys": "/console/api-keys/",
        "new certificate": at,
        "upload": f"{at}upload/",
        "promotion": f"{at}{pair.pk}/promotion/",
        "retirement": f"{at}{pair.pk}/retirement/",
        "password": f"/console/users/{bob.user.pk}/password/",
        "policy": "/console/settings/sign-in/",
        "connection": f"/console/applications/{gitlab.pk}/identity-management/connection/",
        "link": f"/console/users/{bob.user.pk}/password-link/",
    }


def everything(tenant):
    """What a guarded form could have changed."""
    with in_tenant(tenant):
        return (
            list(ApiKey.objects.values_list("pk", "revoked_at")),
            list(ScimToken.objects.values_list("pk", "revoked_at")),
            list(KeyPair.objects.order_by("pk").values_list("pk", "state")),
            list(User.objects.order_by("pk").values_list("pk", "password")),
            list(SignInPolicy.objects.values_list("pk")),
            list(Integration.objects.values_list("base_url")),
            list(OneTimeLink.objects.values_list("pk")),
        )


def test_none_of_these_forgets_to_ask():
    found = {
        address.name
        for address in every_address()
        if getattr(address.view, "needs_recent_authentication", False)
    }
    assert found >= GUARDED


def test_a_form_of_an_old_session_changes_nothing(alice, paths):
    before = everything(alice.tenant)
    long_ago(alice)
    for path in paths.values():
        form = (
            {"name": "Script", "password": "quite another passphrase", "lifetime": "365"} | POLICY | ELSEWHERE
        )
        answer = alice.post(path, form, HTTP_REFERER=f"http://testserver/t/acme{path}")
        assert (answer.status_code, answer.url) == (302, to_confirm(path)), path
    assert everything(alice.tenant) == before
    assert "Nothing was done yet" in alice.get("/reauthentication/").content.decode()
    alice.post("/reauthentication/", {"password": PASSWORD})
    alice.post(paths["keys"], {"name": "Script"})
    assert everything(alice.tenant) != before  # negative control


def test_a_session_that_does_not_know_when_asks_too(alice, paths):
    signed_in(alice.client, None)
    assert alice.get(paths["password"]).url == to_confirm(paths["password"])
    signed_in(alice.client, timezone.now() + timedelta(hours=1))  # a clock that was wrong
    assert alice.get(paths["password"]).url == to_confirm(paths["password"])


def test_the_password_leads_back_to_the_page_and_its_form(alice, paths):
    long_ago(alice)
    there = alice.get(paths["password"])
    assert there.url == to_confirm(paths["password"])
    page = alice.client.get(there.url).content.decode()
    assert "alice" in page
    back = alice.client.post(there.url, {"password": PASSWORD})
    assert (back.status_code, back.url) == (302, f"/t/acme{paths['password']}")
    assert alice.client.get(back.url).status_code == 200


def test_lists_are_read_without_it_and_offer_the_way(alice, paths):
    for path in (paths["sources"], paths["keys"]):
        assert "reauthentication" not in alice.get(path).content.decode()
    long_ago(alice)
    for path in (paths["sources"], paths["keys"], paths["connection"]):
        answer = alice.get(path)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert to_confirm(path) in page
        assert 'name="name"' not in page
        assert 'name="token"' not in page


@pytest.mark.parametrize(("minutes", "asked"), [(14, False), (16, True)])
def test_it_lasts_fifteen_minutes(alice, paths, minutes, asked):
    long_ago(alice, minutes)
    assert (alice.get(paths["retirement"]).status_code == 302) is asked


def test_a_wrong_password_confirms_nothing_and_counts_towards_the_lock(alice, paths):
    long_ago(alice)
    for _ in range(TRIES_PER_ACCOUNT):
        answer = alice.post("/reauthentication/", {"password": "wrong"})
        assert answer.status_code == 422
    assert alice.post("/reauthentication/", {"password": PASSWORD}).status_code == 422
    assert alice.get(paths["password"]).status_code == 302
    assert Client().post("/t/acme/login/", {"username": "alice", "password": PASSWORD}).status_code == 422


def test_somebody_elses_password_confirms_nothing(alice, bob, paths, system):
    with in_tenant(bob.tenant):
        set_password(bob.user, "the password of bob", actor=system)
    long_ago(alice)
    answer = alice.post("/reauthentication/", {"username": "bob", "password": "the password of bob"})
    assert answer.status_code == 422
    assert alice.get(paths["password"]).status_code == 302


def test_the_sessions_key_changes_and_the_log_tells(alice):
    before = alice.client.cookies["gatehouse_session"].value
    alice.post("/reauthentication/", {"password": PASSWORD})
    assert alice.client.cookies["gatehouse_session"].value != before
    with in_tenant(alice.tenant):
        event = Event.objects.filter(type=EventType.USER_LOGIN_ATTEMPT).first()
        assert (event.success, event.details) == (True, {"reauthentication": True})


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/t/globex/", "/t/acme/../globex/", "javascript:1"],
)
def test_it_leads_nowhere_else(alice, elsewhere):
    answer = alice.post(f"/reauthentication/?next={quote(elsewhere, safe='')}", {"password": PASSWORD})
    assert answer.url == "/t/acme/"


@pytest.mark.parametrize("referer", ["https://evil.example/", "http://testserver/t/globex/", ""])
def test_a_page_elsewhere_is_not_come_back_to(alice, paths, referer):
    long_ago(alice)
    answer = alice.post(paths["keys"], {"name": "Script"}, HTTP_REFERER=referer)
    assert answer.url == to_confirm("/")


def test_programs_are_not_asked(alice, system):
    caller = script_of(alice)
    long_ago(alice)
    assert caller("POST", "/api-keys/", b'{"name": "Next"}').status_code == 201
