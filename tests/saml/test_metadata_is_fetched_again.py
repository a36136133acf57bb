"""A metadata address that fails, and the schedule by which it is asked again."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.applications.actions import add_application
from apps.events.models import Event
from apps.saml import metadata_fetch
from apps.saml.actions.metadata import Received, add_upload, import_metadata, import_metadata_from_url
from apps.saml.actions.metadata_refresh import forget_source, refresh_now
from apps.saml.actions.settings import sso_of
from apps.saml.errors import MetadataRefused
from apps.saml.metadata_fetch import Fetched
from apps.saml.metadata_refresh import Outcome, _claim, due_tenant_ids, refresh_due, take_in
from apps.saml.models import MetadataSource, MetadataUpload
from apps.saml.tasks import refresh_metadata, refresh_metadata_of
from tests.saml.metadata import SP, sp_metadata
from tests.saml.metadata_server import service, settings_now, several, source, until, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


def due(**ago):
    MetadataSource.objects.update(next_refresh_at=timezone.now() - dt.timedelta(**(ago or {"minutes": 1})))


# --- failures


def spoil(server, **attributes):
    for name, value in attributes.items():
        setattr(server, name, value)


FAILURES = {
    "not found": ({"status": 404}, "404"),
    "broken": ({"status": 500}, "500"),
    "a redirect to a forbidden address": (
        {"status": 302, "headers": {"Location": "http://169.254.169.254/latest/meta-data/"}}, "redirect",
    ),
    "a web page": ({"body": b"<html><body>Sign in</body></html>"}, "not SAML 2.0 metadata"),
    "no XML": ({"body": b"{}"}, "well-formed"),
    "nothing": ({"body": b""}, "empty"),
    "three mebibytes": ({"body": b" " * 3 * 1024 * 1024}, "2 MiB"),
    "one and a half": ({"body": sp_metadata() + b" " * 1536 * 1024 + b"<!-- -->"}, "1024 KiB"),
    "a DOCTYPE": ({"body": b"<!DOCTYPE x>" + sp_metadata().partition(b"?>")[2]}, "DOCTYPE"),
    "expired": ({"attributes": 'validUntil="2020-01-01T00:00:00Z"'}, "expired on 2020-01-01"),
    "an unsafe address": ({"acs": service("http://sp.example/acs")}, "https://"),
    "only others": (
        {"body": several(sp_metadata(entity_id="https://a.example"), sp_metadata(entity_id="https://b.example"))},
        "https://a.example, https://b.example",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_says_when_and_why_and_breaks_nothing(imported, system, server, name):
    wrong, words = FAILURES[name]
    before = settings_now()
    spoil(server, **wrong)
    assert refresh_now(imported, actor=system) is Outcome.FAILED
    assert refresh_now(imported, actor=system) is Outcome.FAILED
    assert settings_now() == before
    assert words in source().error
    assert source().failed_at is not None
    assert source().failures == 2
    (event,) = Event.objects.filter(type="metadata_refresh")
    assert not event.success
    assert words in event.error_message
    spoil(server, status=200, headers={}, body=None, attributes="", acs=service())
    assert refresh_now(imported, actor=system) is Outcome.UNCHANGED
    assert (source().failures, source().error, source().failed_at) == (0, "", None)


def test_an_address_that_the_operator_no_longer_allows_is_not_called(imported, system, server, settings):
    settings.OUTBOUND_ALLOW = []
    asked = len(server.requests)
    assert refresh_now(imported, actor=system) is Outcome.FAILED
    assert len(server.requests) == asked


def test_a_slow_address_is_given_up(imported, system, server, monkeypatch):
    monkeypatch.setattr(metadata_fetch, "LONGEST_SECONDS", 0.0)
    assert refresh_now(imported, actor=system) is Outcome.FAILED
    assert "did not answer in time" in source().error


def test_one_among_several_is_found_again_and_its_disappearance_is_a_change_to_look_at(wiki, system, server):
    other = sp_metadata(entity_id="https://other.example")
    server.body = several(sp_metadata(), other)
    import_metadata_from_url(wiki, server.url, actor=system, entity_id=SP)
    server.body = several(other, sp_metadata(attributes=until(days=3)))
    assert refresh_now(wiki, actor=system) is Outcome.APPLIED
    assert sso_of(wiki).sp_entity_id == SP
    server.body = several(other)
    assert refresh_now(wiki, actor=system) is Outcome.WAITING


# --- by schedule


def test_what_is_due_is_refreshed_and_what_is_not_is_left_alone(imported, tenant, server):
    asked = len(server.requests)
    assert due_tenant_ids() == []
    refresh_due()
    assert len(server.requests) == asked
    due()
    assert due_tenant_ids() == [str(tenant.pk)]
    server.acs = service("https://evil.example/acs")
    refresh_due()
    refresh_due()  # twice: the second finds nothing
    assert len(server.requests) == asked + 1
    assert waiting() is not None


def test_the_beat_rings_for_each_organisation_with_something_due(imported, server, monkeypatch, tenant):
    rung = []
    monkeypatch.setattr("apps.saml.tasks.refresh_metadata_of.delay", rung.append)
    refresh_metadata()
    assert rung == []
    due()
    refresh_metadata()
    assert rung == [str(tenant.pk)]


def test_a_mistake_of_ours_with_one_does_not_stop_the_others(imported, system, server, monkeypatch):
    second = add_application(actor=system, connector="custom_saml", display_label="Second")
    import_metadata_from_url(second, server.url, actor=system)
    MetadataSource.objects.filter(application=imported).update(seen={})  # no version of ours has written that
    server.attributes = until(days=2)
    due()
    with pytest.raises(ExceptionGroup):
        refresh_due()
    assert MetadataSource.objects.get(application=second).valid_until is not None


def test_a_claim_is_for_one_worker(imported):
    due()
    assert len(_claim()) == 1
    assert _claim() == []


def test_an_import_that_came_while_it_was_fetched_wins(imported, system, server):
    old = source()
    import_metadata(imported, sp_metadata(entity_id="https://by-file.example"), actor=system)
    answer = Fetched(sp_metadata(entity_id="https://late.example"), "")
    assert take_in(old, answer, actor=system) is Outcome.UNCHANGED
    assert waiting() is None
    assert sso_of(imported).sp_entity_id == "https://by-file.example"


def test_a_file_ends_the_refreshing(imported, system, server):
    import_metadata(imported, sp_metadata(attributes=until(days=2)), actor=system)
    assert (source().url, source().next_refresh_at) == ("", None)
    assert source().valid_until is not None
    assert sso_of(imported).metadata_expires_at is None
    with pytest.raises(MetadataRefused) as refusal:
        refresh_now(imported, actor=system)
    assert list(refusal.value.fields) == ["url"]


def test_forgetting_the_address_keeps_the_settings(wiki, system, server):
    server.attributes = until(days=2)
    import_metadata_from_url(wiki, server.url, actor=system)
    assert sso_of(wiki).metadata_expires_at is not None
    forget_source(wiki, actor=system)
    assert sso_of(wiki).metadata_expires_at is None
    assert sso_of(wiki).sp_entity_id == SP
    assert not MetadataSource.objects.exists()
    assert Event.objects.order_by("-created_at").first().details["forgotten"] is True


def test_a_file_that_nobody_chose_from_goes_after_an_hour(wiki, tenant, system):
    add_upload(wiki, Received(b"x"))
    assert due_tenant_ids() == []
    MetadataUpload.objects.update(created_at=timezone.now() - dt.timedelta(minutes=61))
    assert due_tenant_ids() == [str(tenant.pk)]
    refresh_metadata_of(str(tenant.pk))
    assert not MetadataUpload.objects.exists()
