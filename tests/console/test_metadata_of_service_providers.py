"""Metadata on the SSO tab: uploaded, chosen from several, refreshed, decided."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from apps.accounts.models import Role
from apps.lib import event_loop
from apps.saml.actions.settings import sso_of
from apps.saml.models import MetadataSource, MetadataUpload
from apps.tenants.context import in_tenant
from tests.conftest import person
from tests.console.test_sign_on import upload
from tests.saml.metadata import sp_metadata
from tests.saml.metadata_server import MetadataServer, service, several, until

HOSTILE = "&lt;script&gt;alert(1)&lt;/script&gt;"
NAMED = f'<md:Organization><md:OrganizationDisplayName xml:lang="en">{HOSTILE}</md:OrganizationDisplayName></md:Organization>'
TWO = several(
    sp_metadata(entity_id="https://one.example").replace(b"</md:Entity", NAMED.encode() + b"</md:Entity"),
    sp_metadata(entity_id="https://two.example"),
)


@pytest.fixture
def path(gitlab):
    return f"/console/applications/{gitlab.pk}/sso/"


@pytest.fixture
def server(httpserver):
    yield MetadataServer(httpserver)
    event_loop.close()


@pytest.fixture
def refreshed(alice, gitlab, path, server):
    """GitLab's metadata came from the server."""
    assert alice.post(f"{path}service-provider-metadata/", {"url": server.url}).status_code == 302
    return gitlab


def settings_of(application):
    with in_tenant(application.tenant):
        return sso_of(application)


def page(alice, path):
    return alice.get(path).content.decode()


def digest_on(text):
    return re.search(r'name="digest" value="([0-9a-f]{64})"', text)[1]


def choose_from(alice, path, content=TWO):
    response = alice.post(f"{path}service-provider-metadata/", {"metadata": upload(content)})
    assert response.status_code == 302
    return response.url.removeprefix("/t/acme")


# --- one of several


def test_a_file_with_several_asks_which_one_and_shows_their_names_as_text(alice, gitlab, path):
    choice = choose_from(alice, path)
    text = page(alice, choice)
    for words in ("https://one.example", "https://two.example", "sp.example", HOSTILE):
        assert words in text
    assert "<script>alert(1)" not in text
    assert settings_of(gitlab).sp_entity_id == "https://gitlab.com/groups/acme"
    done = alice.post(choice, {"entity_id": "https://two.example"}, follow=True)
    assert b"The metadata was taken over. Changed: SP entity ID, ACS URL" in done.content
    assert settings_of(gitlab).sp_entity_id == "https://two.example"
    assert alice.get(choice).status_code == 404


@pytest.mark.parametrize("wrong", [{}, {"entity_id": "https://three.example"}])
def test_none_of_them_is_no_choice(alice, gitlab, path, wrong):
    choice = choose_from(alice, path)
    assert alice.post(choice, wrong).status_code == 422
    assert settings_of(gitlab).sp_entity_id == "https://gitlab.com/groups/acme"


def test_one_that_cannot_be_taken_over_says_why_and_another_can_be_chosen(alice, gitlab, path):
    bad = sp_metadata(entity_id="https://bad.example", acs=service("javascript:alert(1)"))
    choice = choose_from(alice, path, several(bad, sp_metadata()))
    refused = alice.post(choice, {"entity_id": "https://bad.example"})
    assert refused.status_code == 422
    assert b"https://" in refused.content
    assert alice.post(choice, {"entity_id": "https://sp.example/metadata"}).status_code == 302


def test_after_an_hour_the_file_is_gone(alice, path):
    choice = choose_from(alice, path)
    with in_tenant(alice.tenant):
        MetadataUpload.objects.update(created_at=timezone.now() - dt.timedelta(minutes=61))
    assert alice.get(choice).status_code == 404


def test_several_at_an_address_are_chosen_from_too_and_the_address_is_kept(alice, gitlab, path, server):
    server.body = TWO
    response = alice.post(f"{path}service-provider-metadata/", {"url": server.url})
    alice.post(response.url.removeprefix("/t/acme"), {"entity_id": "https://one.example"})
    text = page(alice, path)
    assert server.url in text
    assert "Refresh now" in text
    assert HOSTILE in text


# --- what was taken over


def test_what_changed_stands_on_the_tab(alice, gitlab, path):
    file = sp_metadata(attributes=until(days=1))
    done = alice.post(f"{path}service-provider-metadata/", {"metadata": upload(file)}, follow=True)
    text = done.content.decode()
    assert "<del>https://gitlab.com/groups/acme</del>" in text
    assert "<ins>https://sp.example/metadata</ins>" in text
    assert "Sign-in goes on after it." in text
    assert "Refresh now" not in text
    again = alice.post(f"{path}service-provider-metadata/", {"metadata": upload(file)}, follow=True)
    assert b"It says what stood here already." in again.content


def test_what_was_entered_by_hand_shows_no_metadata(alice, gitlab, path):
    assert "Stop refreshing" not in page(alice, path)
    again = alice.post(f"{path}service-provider-metadata/refreshes/", follow=True)
    assert b"There is no address to refresh from" in again.content
    assert alice.post(f"{path}service-provider-metadata/removal/").status_code == 302


# --- refreshed


def test_it_is_refreshed_by_hand_and_a_change_waits_with_its_difference(alice, refreshed, path, server):
    unchanged = alice.post(f"{path}service-provider-metadata/refreshes/", follow=True)
    assert b"Nothing has changed." in unchanged.content
    server.acs = service("https://other.example/acs")
    waiting = alice.post(f"{path}service-provider-metadata/refreshes/", follow=True).content.decode()
    assert "A change of the metadata waits" in waiting
    assert "<ins>https://other.example/acs (index 0, default)</ins>" in waiting
    assert "A change of its metadata waits for your decision." in page(alice, "/console/")
    accepted = alice.post(
        f"{path}service-provider-metadata/change/acceptance/", {"digest": digest_on(waiting)}, follow=True
    ).content.decode()
    assert "The change was accepted" in accepted
    assert "A change of the metadata waits" not in accepted
    assert settings_of(refreshed).acs_url == "https://other.example/acs"
    assert "waits for your decision" not in page(alice, "/console/")


def test_a_change_is_rejected(alice, refreshed, path, server):
    server.entity_id = "https://other.example"
    waiting = alice.post(f"{path}service-provider-metadata/refreshes/", follow=True).content.decode()
    sent = {"digest": digest_on(waiting)}
    rejected = alice.post(f"{path}service-provider-metadata/change/rejection/", sent, follow=True)
    assert b"everything stays as it was" in rejected.content
    assert settings_of(refreshed).sp_entity_id == "https://sp.example/metadata"


@pytest.mark.parametrize("sent", [{}, {"digest": "0" * 64}, {"digest": "x" * 100}])
@pytest.mark.parametrize("decision", ["acceptance", "rejection"])
def test_what_was_not_shown_is_not_decided(alice, refreshed, path, server, sent, decision):
    server.entity_id = "https://other.example"
    alice.post(f"{path}service-provider-metadata/refreshes/")
    answer = alice.post(f"{path}service-provider-metadata/change/{decision}/", sent, follow=True)
    assert b"What waits is not what was shown" in answer.content
    assert b"A change of the metadata waits" in answer.content
    assert settings_of(refreshed).sp_entity_id == "https://sp.example/metadata"


def test_a_failure_says_when_and_why_and_the_overview_waits_for_the_third(alice, refreshed, path, server):
    server.status = 503
    told = alice.post(f"{path}service-provider-metadata/refreshes/", follow=True).content.decode()
    assert "Everything stays as it was." in told
    assert "status 503" in told
    assert "could not be refreshed on" not in page(alice, "/console/")
    for _ in range(2):
        alice.post(f"{path}service-provider-metadata/refreshes/")
    assert "could not be refreshed on" in page(alice, "/console/")


def test_the_end_is_announced_and_told(alice, refreshed, path):
    now = timezone.now()

    def told(**fields):
        with in_tenant(alice.tenant):
            assert MetadataSource.objects.update(**fields) == 1

    told(valid_until=now + dt.timedelta(days=3), warn_from=now + dt.timedelta(days=1))
    assert "Its metadata ends on" not in page(alice, path)
    told(warn_from=now - dt.timedelta(days=1))
    for address in (path, "/console/"):
        assert "Its metadata ends on" in page(alice, address)
    told(valid_until=now - dt.timedelta(minutes=1))
    for address in (path, "/console/"):
        assert "Its metadata expired on" in page(alice, address)


def test_refreshing_ends_when_nobody_wants_it_any_more(alice, refreshed, path, server):
    text = alice.post(f"{path}service-provider-metadata/removal/", follow=True).content.decode()
    assert "no longer refreshed" in text
    assert server.url not in text
    assert settings_of(refreshed).sp_entity_id == "https://sp.example/metadata"


def test_a_signature_that_was_asked_for_stays_asked_for(alice, gitlab, path, server):
    sent = {"url": server.url, "signing_certificate": "nonsense"}
    refused = alice.post(f"{path}service-provider-metadata/", sent)
    assert refused.status_code == 422
    assert b"not a certificate" in refused.content
    assert server.requests == []


def test_who_only_reads_sees_the_difference_and_no_button(tenant, alice, refreshed, path, server):
    server.entity_id = "https://other.example"
    alice.post(f"{path}service-provider-metadata/refreshes/")
    reader = person(tenant, "reader", role=Role.READ_ONLY)
    text = page(reader, path)
    assert "<ins>https://other.example</ins>" in text
    for button in ("Accept", "Reject", "Refresh now", "Stop refreshing"):
        assert f">{button}</button>" not in text
    assert reader.post(f"{path}service-provider-metadata/refreshes/").status_code == 403
