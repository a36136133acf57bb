import datetime as dt
import email.utils
import json

import pytest
from django.utils import timezone

from apps.applications.catalog import CATALOG
from apps.directory import actions as directory
from apps.lib import http
from apps.lib.retrying import retry_after
from apps.lib.scim import messages
from apps.provisioning import wire
from apps.provisioning.client import ScimClient
from apps.provisioning.errors import (
    CredentialsRefused,
    Missing,
    NotSupported,
    Rejected,
    Taken,
    Throttled,
    Unavailable,
    Uncertain,
    error_for,
)
from apps.provisioning.gate import Gate
from apps.provisioning.models import JobState
from tests.fakes.scim_target import TOKEN, Fault

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("token", ["plain-token", 'with "quotes" and \\', "a b/c", ""])
@pytest.mark.parametrize(
    "body",
    [
        {"userName": "mia", "emails": [{"value": "mia@acme.example"}]},
        {"title": "knows TOKEN"},
        {"emails": [{"value": "TOKEN"}]},
        {"PassWord": "hunter2"},
        {"Operations": [{"op": "replace", "path": "password", "value": "hunter2"}]},
    ],
)
def test_what_is_kept_is_masked_however_it_is_looked_for(token, body):
    """Most bodies are kept without a walk through them; nobody can tell."""
    body = json.loads(json.dumps(body).replace("TOKEN", json.dumps(token)[1:-1]))
    target = wire.Target("https://scim.example/v2", token, None)
    kept = wire.Wire(target, Gate())._shown(body, messages.encode(body))
    assert kept == wire.masked(body, target.spellings)
    assert "hunter2" not in str(kept)


@pytest.mark.parametrize(
    ("status", "writes", "kind", "outcome"),
    [
        (400, True, Rejected, "permanent"),
        (412, True, Rejected, "permanent"),
        (422, True, Rejected, "permanent"),
        (401, False, CredentialsRefused, "auth"),
        (403, True, CredentialsRefused, "auth"),
        (404, True, Missing, "permanent"),
        (405, True, NotSupported, "permanent"),
        (409, True, Taken, "permanent"),
        (429, True, Throttled, "passing"),
        (500, True, Uncertain, "ambiguous"),
        (500, False, Unavailable, "passing"),
        (502, True, Uncertain, "ambiguous"),
        (503, False, Throttled, "passing"),
    ],
)
def test_each_status_has_its_branch(status, writes, kind, outcome):
    error = error_for(status, "words", writes=writes)
    assert (type(error), error.outcome) == (kind, outcome)


def test_a_429_was_certainly_not_carried_out_and_a_503_perhaps():
    assert not error_for(429, "", writes=True).read_back
    assert error_for(503, "", writes=True).read_back
    assert not error_for(503, "", writes=False).read_back


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("999999", 3600),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_in_seconds(told, seconds):
    assert retry_after({"Retry-After": told}) == seconds


def test_retry_after_as_a_date_is_measured_with_the_applications_own_clock():
    theirs = timezone.now() + dt.timedelta(hours=5)
    headers = {
        "Date": email.utils.format_datetime(theirs, usegmt=False),
        "Retry-After": email.utils.format_datetime(theirs + dt.timedelta(seconds=90), usegmt=False),
    }
    assert retry_after(headers) == 90
    assert retry_after({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}) == 0


def test_passwords_and_the_token_are_masked_in_what_is_kept():
    body = {"userName": "mia", "Password": "hunter2", "note": [f"token {TOKEN}"], "n": 1}
    assert wire.masked(body, [TOKEN]) == {
        "userName": "mia",
        "Password": "[hidden]",
        "note": ["token [hidden]"],
        "n": 1,
    }


@pytest.mark.parametrize(
    "answer",
    [
        b'{"id": 42, "userName": "noah"}',
        b'{"ID": "42", "username": "noah", "schemas": ["urn:x"]}',
        b'{"id": "42", "name.formatted": "Noah", "active": "True"}',
    ],
    ids=["number", "other case", "flat"],
)
def test_a_created_account_keeps_the_id_of_the_answer(staffed, answer):
    company = staffed()
    company.target.faults = [Fault(201, {}, answer, method="POST")]
    noah = company.person("noah")
    directory.add_member(company.engineering, noah, actor=company.actor)
    company.work()
    assert company.remote(noah).remote_id == "42"


@pytest.mark.parametrize("status", [200, 202, 204])
def test_every_2xx_is_a_success(staffed, status):
    company = staffed()
    company.target.faults = [
        Fault(status, {"Content-Type": "text/plain"}, b"" if status == 204 else b"OK", method="PATCH")
    ]
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    assert company.job(company.mia).state == JobState.DONE


def client(target, connector="custom_saml"):
    return ScimClient(wire.Target(target.base_url, TOKEN, CATALOG[connector].scim))


def test_a_list_that_goes_on_is_read_to_its_end(target):
    there = target.add_user("noah", "noah@example.com")
    pages = [
        b'{"totalResults": 3, "Resources": [{"id": "a", "userName": "x"}, {"id": "b", "userName": "y"}]}',
        b'{"totalResults": 3, "startIndex": 3, "Resources": [{"id": "u1", "userName": "Noah"}]}',
    ]
    target.faults = [Fault(200, {}, page, method="GET") for page in pages]
    found = http.run(client(target).find_user("noah"))
    assert found["id"] == there["id"]
    assert target.journal[1].path.endswith("&startIndex=3")


def test_a_list_that_never_ends_is_left(target, monkeypatch):
    monkeypatch.setattr("apps.provisioning.client.MOST_PAGES", 4)
    page = b'{"totalResults": 1000000, "Resources": [{"id": "a", "userName": "x"}]}'
    target.faults = [Fault(200, {}, page, method="GET", times=99)]
    assert http.run(client(target).find_user("noah")) is None
    assert len(target.journal) == 4


def test_the_account_that_is_spelled_exactly_wins(target):
    target.add_user("Noah", "noah@example.com")
    exact = target.add_user("noah", "noah@example.com")
    assert http.run(client(target).find_user("noah"))["id"] == exact["id"]


def test_a_quote_in_a_name_stays_inside_the_filter(target):
    there = target.add_user('no"ah\\', "noah@example.com")
    assert http.run(client(target).find_user('no"ah\\'))["id"] == there["id"]


@pytest.mark.parametrize("remote_id", ["", ".", ".."])
def test_an_id_that_would_name_another_address_is_never_sent(target, remote_id):
    with pytest.raises(Rejected):
        http.run(client(target).delete_user(remote_id))
    assert target.journal == []


@pytest.mark.parametrize(
    ("remote_id", "path"), [("a@b.c/d:e", "a%40b.c%2Fd%3Ae"), ("a?b#c", "a%3Fb%23c"), ("ü", "%C3%BC")]
)
def test_an_id_is_encoded_whole(target, remote_id, path):
    with pytest.raises(Missing):
        http.run(client(target).get_user(remote_id))
    assert target.journal[0].path == f"/scim/v2/Users/{path}"
