"""A metadata address that changes each of the things it can change, and what becomes of it."""

import pytest

from apps.events.models import Event
from apps.saml.actions.metadata import import_metadata_from_url
from apps.saml.actions.metadata_refresh import accept_change, refresh_now, reject_change
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.errors import MetadataChangeGone
from apps.saml.metadata_refresh import Outcome
from tests.saml.metadata import ACS
from tests.saml.metadata_server import key_descriptor, service, settings_now, source, until, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


def events(*types):
    return [event.type for event in Event.objects.order_by("created_at", "id") if event.type in types]


METADATA_EVENTS = (
    "metadata_refresh", "metadata_change_waits", "metadata_change_accept", "metadata_change_reject"
)  # fmt: skip


# --- what waits for an administrator


WAITS = {
    "another entity ID": ({"entity_id": "https://other.example"}, "sp_entity_id", "https://other.example"),
    "another ACS host": ({"acs": service("https://evil.example/acs")}, "acs_urls", "https://evil.example/acs"),
    "another port": ({"acs": service("https://sp.example:8443/acs")}, "acs_urls", "sp.example:8443"),
    "one ACS host more": (
        {"acs": service() + service("https://evil.example/acs", 1)}, "acs_urls", "https://evil.example/acs",
    ),
    "a NameID format that people would get another name by": (
        {"formats": "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>"},
        "name_id_format", "Persistent",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WAITS)
def test_a_change_of_who_gets_assertions_waits(imported, system, server, name):
    changed, field, words = WAITS[name]
    before = settings_now()
    for attribute, value in changed.items():
        setattr(server, attribute, value)
    assert refresh_now(imported, actor=system) is Outcome.WAITING
    assert settings_now() == before
    row = next(row for row in waiting().rows if row.field == field)
    assert words in " ".join(row.proposed)
    assert words not in " ".join(row.now)
    assert events(*METADATA_EVENTS) == ["metadata_change_waits"]


def test_certificates_wait_with_what_is_needed_to_compare_them(
    imported, system, server, sp_keys, strangers_keys
):
    server.keys = key_descriptor(strangers_keys)
    assert refresh_now(imported, actor=system) is Outcome.WAITING
    (row,) = waiting().rows
    assert row.field == "sp_certificates"
    assert sso_of(imported).sp_certificates == [sp_keys.certificate]
    assert "CN=sp.example" in row.now[0]
    assert "CN=stranger.example" in row.proposed[0]
    assert "SHA-256 " in row.proposed[0]
    assert [kind for kind, _ in row.lines] == ["gone", "new"]


def test_a_certificate_added_waits_and_one_that_disappears_with_all_others_changes_nothing(
    imported, system, server, sp_keys, strangers_keys
):
    server.keys = key_descriptor(sp_keys) + key_descriptor(strangers_keys)
    assert refresh_now(imported, actor=system) is Outcome.WAITING
    assert [kind for kind, _ in waiting().rows[0].lines] == ["same", "new"]
    server.keys = ""
    assert refresh_now(imported, actor=system) is not Outcome.FAILED
    assert waiting() is None
    assert sso_of(imported).sp_certificates == [sp_keys.certificate]


def test_a_key_that_assertions_would_be_encrypted_for_waits(
    imported, system, server, sp_keys, strangers_keys
):
    server.keys = key_descriptor(sp_keys) + key_descriptor(strangers_keys, 'use="encryption"')
    assert refresh_now(imported, actor=system) is Outcome.WAITING
    row = next(row for row in waiting().rows if row.field == "sp_encryption_certificate")
    assert (row.now, "CN=stranger.example" in row.proposed[0]) == ([], True)
    assert sso_of(imported).sp_encryption_certificate == ""


def test_accepting_takes_over_exactly_what_was_shown(imported, system, server, strangers_keys):
    server.entity_id = "https://new.example"
    server.keys = key_descriptor(strangers_keys)
    refresh_now(imported, actor=system)
    shown = waiting()
    accept_change(imported, shown.digest, actor=system)
    settings = sso_of(imported)
    assert settings.sp_entity_id == "https://new.example"
    assert settings.sp_certificates == [strangers_keys.certificate]
    assert waiting() is None
    assert source().entity_id == "https://new.example"
    assert [change["field"] for change in source().changes] == ["sp_entity_id", "sp_certificates"]
    assert events(*METADATA_EVENTS) == ["metadata_change_waits", "metadata_change_accept"]
    assert refresh_now(imported, actor=system) is Outcome.UNCHANGED


def test_what_was_exchanged_behind_the_administrators_back_is_not_accepted(imported, system, server):
    server.acs = service("https://good.example/acs")
    refresh_now(imported, actor=system)
    shown = waiting().digest
    server.acs = service("https://evil.example/acs")
    refresh_now(imported, actor=system)
    for decide in (accept_change, reject_change):
        with pytest.raises(MetadataChangeGone):
            decide(imported, shown, actor=system)
    assert sso_of(imported).acs_url == ACS
    assert "https://evil.example/acs" in waiting().rows[0].proposed[0]
    accept_change(imported, waiting().digest, actor=system)  # negative control
    assert sso_of(imported).acs_url == "https://evil.example/acs"


def test_a_field_that_was_edited_meanwhile_makes_the_shown_difference_another_one(imported, system, server):
    server.acs = service("https://good.example/acs")
    refresh_now(imported, actor=system)
    shown = waiting().digest
    update_sso(sso_of(imported), actor=system, acs_urls=["https://by-hand.example/acs"])
    with pytest.raises(MetadataChangeGone):
        accept_change(imported, shown, actor=system)
    assert waiting().rows[0].now == ["https://by-hand.example/acs (index 0, default)"]


def test_rejecting_keeps_everything_and_the_same_is_not_proposed_again(imported, system, server):
    server.acs = service("https://evil.example/acs")
    refresh_now(imported, actor=system)
    reject_change(imported, waiting().digest, actor=system)
    assert sso_of(imported).acs_url == ACS
    assert refresh_now(imported, actor=system) is Outcome.UNCHANGED
    server.attributes = until(days=2)  # a new file with the same words in it
    refresh_now(imported, actor=system)
    assert waiting() is None
    server.acs = service("https://other.example/acs")
    assert refresh_now(imported, actor=system) is Outcome.WAITING
    assert "metadata_change_reject" in events(*METADATA_EVENTS)


def test_a_change_that_is_taken_back_no_longer_waits(imported, system, server):
    server.acs = service("https://evil.example/acs")
    refresh_now(imported, actor=system)
    server.acs = service()
    refresh_now(imported, actor=system)
    assert waiting() is None
    assert source().pending_since is None


def test_the_same_change_in_a_file_made_anew_is_told_once(imported, system, server):
    for days in (2, 3, 4):
        server.acs, server.attributes = service("https://evil.example/acs"), until(days=days)
        assert refresh_now(imported, actor=system) is Outcome.WAITING
    assert events(*METADATA_EVENTS) == ["metadata_change_waits"]


# --- what does not wait


def test_an_unchanged_file_moves_nothing_but_the_times(imported, system, server):
    before, had, told = settings_now(), source(), Event.objects.count()
    assert refresh_now(imported, actor=system) is Outcome.UNCHANGED
    assert settings_now() == before
    assert source().fetched_at > had.fetched_at
    assert Event.objects.count() == told


def test_harmless_changes_are_taken_over_with_an_event(imported, system, server):
    server.acs = service("https://sp.example/acs/new") + service("https://sp.example/other", 1)
    server.role_attributes = 'WantAssertionsSigned="true" AuthnRequestsSigned="true"'
    assert refresh_now(imported, actor=system) is Outcome.APPLIED
    settings = sso_of(imported)
    assert settings.acs_url == "https://sp.example/acs/new"
    assert settings.require_signed_requests
    event = Event.objects.get(type="metadata_refresh")
    assert {change["field"] for change in event.changes} == {"acs_urls", "require_signed_requests"}
    addresses = next(change for change in event.changes if change["field"] == "acs_urls")
    assert [row["url"] for row in addresses["from"]] == ["https://sp.example/acs"]
    assert [row["url"] for row in addresses["to"]] == [
        "https://sp.example/acs/new",
        "https://sp.example/other",
    ]


def test_whoever_reads_the_event_sees_both_addresses(alice, imported, system, server):
    """An ACS path of the same host goes through unasked, so the log has to say it plainly."""
    server.acs = service("https://sp.example/acs/new")
    assert refresh_now(imported, actor=system) is Outcome.APPLIED
    event = Event.objects.get(type="metadata_refresh")
    page = alice.get(f"/console/events/{event.pk}/").content.decode()
    assert ">url: https://sp.example/acs · index: 0 · is_default: Yes</td>" in page
    assert ">url: https://sp.example/acs/new · index: 0 · is_default: Yes</td>" in page


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        ("https://sp.example/new", Outcome.APPLIED),
        ("https://evil.example/slo", Outcome.WAITING),
        ("https://sp.example.evil.example/slo", Outcome.WAITING),
        ("https://sp.example:444/slo", Outcome.WAITING),
    ],
)
def test_logout_messages_stay_at_their_host(wiki, system, server, now, outcome):
    def logout(url):
        binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        return f'<md:SingleLogoutService Binding="{binding}" Location="{url}"/>'

    server.formats = logout("https://sp.example/slo")
    import_metadata_from_url(wiki, server.url, actor=system)
    server.formats = logout(now)
    assert refresh_now(wiki, actor=system) is outcome
    assert sso_of(wiki).slo_url == (now if outcome is Outcome.APPLIED else "https://sp.example/slo")


def test_nothing_that_protects_is_switched_off_by_a_refresh(imported, system, server, sp_keys):
    update_sso(sso_of(imported), actor=system, require_signed_requests=True)
    server.keys = ""
    server.role_attributes = 'WantAssertionsSigned="false" AuthnRequestsSigned="false"'
    refresh_now(imported, actor=system)
    settings = sso_of(imported)
    assert settings.require_signed_requests
    assert settings.sign_assertion
    assert settings.sp_certificates == [sp_keys.certificate]
    assert waiting() is None


def test_what_was_entered_by_hand_is_not_taken_back(imported, system, server):
    mine = [ACS, "https://second.example/acs"]
    update_sso(sso_of(imported), actor=system, acs_urls=mine)
    server.attributes = until(days=2)
    refresh_now(imported, actor=system)
    assert [row["url"] for row in sso_of(imported).acs_urls] == mine
    assert waiting() is None


def test_a_new_end_is_kept_with_an_event_and_no_work_for_the_workers(imported, system, server):
    server.attributes = until(days=2)
    assert refresh_now(imported, actor=system) is Outcome.APPLIED
    assert sso_of(imported).metadata_expires_at == source().valid_until
    (change,) = Event.objects.get(type="metadata_refresh").changes
    assert change["field"] == "valid_until"


def test_an_address_that_knows_etags_is_not_asked_for_the_file_again(wiki, system, server):
    server.etags = True
    import_metadata_from_url(wiki, server.url, actor=system)
    assert refresh_now(wiki, actor=system) is Outcome.UNCHANGED
    assert "If-None-Match" not in server.requests[0]
    assert "If-None-Match" in server.requests[1]
    assert source().failures == 0
    server.entity_id = "https://other.example"  # negative control: another file has another tag
    assert refresh_now(wiki, actor=system) is Outcome.WAITING


def test_an_unasked_304_is_a_failure(imported, system, server):
    server.status = 304
    assert refresh_now(imported, actor=system) is Outcome.FAILED
