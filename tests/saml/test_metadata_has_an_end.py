import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from apps.events.models import Event
from apps.saml.actions.metadata import import_metadata, import_metadata_from_url
from apps.saml.actions.settings import sso_of
from apps.saml.metadata_choices import MD
from apps.saml.metadata_document import root_of
from apps.saml.metadata_validity import (
    LATEST,
    SOONEST,
    Validity,
    next_attempt,
    next_refresh,
    validity_of,
    warn_from,
)
from apps.saml.models import MetadataSource, SsoSettings
from apps.tenants.context import in_tenant
from tests.saml.metadata import sp_metadata
from tests.saml.metadata_server import several, until
from tests.saml.service_provider import authn_request, redirect

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def ended(wiki, system, server):
    """Metadata from an address that could be refreshed no more, and whose end has come."""
    with in_tenant(wiki.tenant):
        server.attributes = until(days=2)
        import_metadata_from_url(wiki, server.url, actor=system)
        moment = timezone.now() - dt.timedelta(seconds=1)
        SsoSettings.objects.update(metadata_expires_at=moment)
    return wiki


@pytest.mark.parametrize("way", ["unsolicited", "solicited"])
def test_after_its_end_nobody_is_signed_in_and_the_page_says_what_to_do(engineer, ended, way):
    if way == "unsolicited":
        response = engineer.get("/launch/wiki")
    else:
        response = engineer.client.get(f"/t/acme/saml2/wiki?{redirect(authn_request())}", follow=True)
    page = response.content.decode()
    assert response.status_code == 403
    assert "metadata expired on" in page
    assert "ask an administrator to refresh it" in page
    assert "SAMLResponse" not in page
    with in_tenant(ended.tenant):
        assert Event.objects.filter(type="sso_auth").first().details["refusal"] == "metadata_expired"


def test_who_asks_without_a_page_is_not_answered_either(ended):
    query = redirect(authn_request(more='IsPassive="true"'))
    response = Client().get(f"/t/acme/saml2/wiki?{query}", follow=True)
    assert b"metadata expired on" in response.content
    assert b"SAMLResponse" not in response.content


def test_until_its_end_people_sign_in(engineer, ended):  # negative control
    with in_tenant(ended.tenant):
        SsoSettings.objects.update(metadata_expires_at=timezone.now() + HOUR)
    assert b"SAMLResponse" in engineer.get("/launch/wiki").content


def test_a_file_that_says_it_ends_tomorrow_stops_nobody(engineer, wiki, system):
    with in_tenant(wiki.tenant):
        import_metadata(wiki, sp_metadata(attributes=until(days=1)), actor=system)
        MetadataSource.objects.update(valid_until=timezone.now() - HOUR)
    assert b"SAMLResponse" in engineer.get("/launch/wiki").content


def test_a_file_after_an_address_takes_the_end_away(engineer, ended, system):
    with in_tenant(ended.tenant):
        import_metadata(ended, sp_metadata(), actor=system)
        assert sso_of(ended).metadata_expires_at is None
    assert b"SAMLResponse" in engineer.get("/launch/wiki").content


# --- what the file says (metadata 2.3.1)


def validity(role="", entity="", around=""):
    file = several(sp_metadata(attributes=entity, role_attributes=role), attributes=around)
    return validity_of(root_of(file).find(f".//{MD}SPSSODescriptor"))


@pytest.mark.parametrize("place", ["role", "entity", "around"])
def test_the_earliest_end_and_the_shortest_cache_count_wherever_they_stand(place):
    soon = {"role": "03", "entity": "03", "around": "03"} | {place: "02"}
    said = {
        where: f'validUntil="2026-01-{day}T00:00:00Z" cacheDuration="PT{day}H"' for where, day in soon.items()
    }
    assert validity(**said) == Validity(dt.datetime(2026, 1, 2, tzinfo=dt.UTC), 2 * 3600)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1H", 3600), ("P1D", 86400), ("PT604800S", 604800), ("P1Y2M3DT4H5M6.7S", 36993906), ("P1W", None), ("-PT1H", None), ("P", None),
        ("PT", None), ("one hour", None), ("", None), ("PT0S", 0), ("P999999Y", 10**9), ("PT" + "9" * 30 + "S", None),
    ],
)  # fmt: skip
def test_a_duration_is_read_or_says_nothing(text, seconds):
    assert validity(role=f'cacheDuration="{text}"').cache_seconds == seconds


# --- when it is fetched again


@pytest.mark.parametrize(
    ("said", "earliest", "latest"),
    [
        (Validity(None, None), LATEST * 0.85, LATEST),
        (Validity(None, 1), SOONEST, SOONEST),
        (Validity(None, 6 * 3600), 6 * HOUR * 0.85, 6 * HOUR),
        (Validity(None, 10**9), LATEST * 0.85, LATEST),
        (Validity(NOW + 8 * HOUR, None), 4 * HOUR * 0.85, 4 * HOUR),
        (Validity(NOW + HOUR / 2, 10**6), SOONEST, SOONEST),
        (Validity(NOW - HOUR, None), SOONEST, SOONEST),
    ],
)
def test_it_is_fetched_again_in_one_to_24_hours(said, earliest, latest):
    times = {next_refresh(said, NOW) - NOW for _ in range(20)}
    assert all(earliest <= each <= latest for each in times)
    assert len(times) > 1 or earliest == latest  # spread


def test_failures_wait_longer_each_time_up_to_a_day():
    waits = [next_attempt(failures, NOW) - NOW for failures in (1, 2, 3, 4, 50, 10**6)]
    assert waits[0] <= dt.timedelta(minutes=15)
    assert waits[:4] == sorted(waits[:4])
    assert all(LATEST * 0.85 <= each <= LATEST for each in waits[4:])


def test_a_warning_comes_a_week_ahead_or_with_a_quarter_of_the_time_left():
    assert warn_from(NOW + dt.timedelta(days=365), NOW) == NOW + dt.timedelta(days=358)
    assert warn_from(NOW + dt.timedelta(days=2), NOW) == NOW + dt.timedelta(hours=36)
