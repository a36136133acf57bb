"""What administrators see of a source's requests: enough to find a fault, nothing that opens a door, never more than a little."""

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.events.actors import Actor
from apps.lib.scim.schemas import PATCH_OP
from apps.scim import recording
from apps.scim.actions.links import accept_link
from apps.scim.models import PendingLink, ReceivedRequest
from apps.scim.tasks import clean_up
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller

CANARY = "correct-horse-canary"


@pytest.fixture(autouse=True)
def _nothing_read_before() -> None:
    recording._last_read.clear()


def kept(caller: Caller) -> list[ReceivedRequest]:
    with in_tenant(caller.tenant):
        return list(ReceivedRequest.objects.filter(source=caller.source).order_by("created_at"))


def test_a_write_and_a_refusal_are_kept_with_their_bodies(okta: Caller) -> None:
    okta.create("mia", title="Lead")
    assert okta("POST", "/Users", {"userName": "mia"}).status_code == 409
    assert okta("GET", "/Users?filter=nonsense").status_code == 400
    rows = kept(okta)
    assert [(row.method, row.path, row.status) for row in rows] == [
        ("POST", "/Users", 201),
        ("POST", "/Users", 409),
        ("GET", "/Users?filter=nonsense", 400),
    ]
    assert json.loads(rows[0].request)["title"] == "Lead"
    assert json.loads(rows[0].answer)["userName"] == "mia"
    assert rows[1].detail
    assert rows[1].detail in rows[1].answer


def test_of_reads_one_a_second_is_kept(okta: Caller) -> None:
    for _ in range(5):
        okta("GET", "/Users")
    assert len(kept(okta)) == 1


def test_what_an_unknown_caller_sends_is_not_kept(okta: Caller) -> None:
    okta("POST", "/Users", {"userName": CANARY}, Authorization="Bearer nonsense")
    with in_tenant(okta.tenant):
        assert not ReceivedRequest.objects.exists()


SECRETS: dict[str, Any] = {
    "a password": {"userName": "mia", "password": CANARY, "emails": [{"value": "mia@acme.example"}]},
    "in any case": {"userName": "mia", "PassWord": CANARY, "emails": [{"value": "mia@acme.example"}]},
    "an extension's token": {"userName": "mia", "emails": [], "urn:x": {"apiToken": CANARY, "a": [{"clientSecret": CANARY}]}},
    "an operation without a path": {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"password": CANARY}}]},
    "an operation with a path": {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "password", "value": CANARY}]},
    "one that is refused": {"userName": 7, "password": {"value": CANARY}},
}  # fmt: skip


@pytest.mark.parametrize("kind", SECRETS)
def test_no_secret_is_kept(okta: Caller, kind: str) -> None:
    mia = okta.create("other")
    body = SECRETS[kind]
    okta(*(("PATCH", f"/Users/{mia['id']}") if "Operations" in body else ("POST", "/Users")), body)
    row = kept(okta)[-1]
    assert recording.MASKED in row.request
    assert CANARY not in row.request + row.answer + row.path


@pytest.mark.parametrize("name", ["password", "PASSWORD", "client_secret", "apiKey", "api key", "paſſword"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-32-be", "escaped"])
def test_a_secret_is_masked_however_its_name_is_written(name: str, encoding: str) -> None:
    written = json.dumps({"userName": "mia", name: CANARY}, ensure_ascii=False)
    if encoding == "escaped":
        body = "".join(each if each in '{}": ,' else f"\\u{ord(each):04x}" for each in written).encode()
    else:
        body = written.encode(encoding)
    noted = recording._masked(body)
    assert CANARY not in noted
    assert json.loads(noted) == {"userName": "mia", name: recording.MASKED}


@pytest.mark.parametrize(
    "value", ["mia", "Mía", 'a "quoted" \\ one', "a/b", 7, None, [True, {"x": 1.5}]], ids=str
)
def test_what_holds_no_secret_is_kept_whole(value: Any) -> None:
    document = {"userName": value}
    for separators in ((",", ":"), (",\n", " : ")):
        assert json.loads(recording._masked(json.dumps(document, separators=separators).encode())) == document


@pytest.mark.parametrize("hidden", ['"\\u0070assword"', '"pass\\u0077ord"'])
def test_an_escape_beside_an_etag_hides_no_secret(hidden: str) -> None:
    """An escaped quotation mark, as each ETag has, is nothing to look for; any other escape is."""
    body = f'{{"version":"W/\\"1\\"",{hidden}:"{CANARY}"}}'
    noted = recording._masked(body.encode())
    assert CANARY not in noted
    assert json.loads(noted) == {"version": 'W/"1"', "password": recording.MASKED}


def test_an_answer_with_an_etag_is_kept_as_it_was_sent(okta: Caller) -> None:
    sent = okta("POST", "/Users", {"userName": "mia", "emails": [{"value": "mia@acme.example"}]})
    assert '"W/\\"' in sent.content.decode()
    assert kept(okta)[-1].answer == sent.content.decode()


def test_no_token_of_ours_is_kept_wherever_it_stands(okta: Caller) -> None:
    okta("POST", f"/Users?access_token={CANARY}&x={okta.secret}", {"userName": okta.secret, okta.secret: 1})
    row = kept(okta)[-1]
    everything = "".join(str(value) for value in vars(row).values())
    assert okta.secret not in everything
    assert CANARY not in everything


@pytest.mark.parametrize("body", [b"{", b"\xff", b"", b'"' + CANARY.encode(), b"[" * 5000, b'{"userName": "' + b"x" * 100_000 + b'"}'])  # fmt: skip
def test_what_cannot_be_read_is_told_by_its_size(okta: Caller, body: bytes) -> None:
    okta("POST", "/Users", body)
    row = kept(okta)[-1]
    assert CANARY not in row.request
    assert row.request in {"", f"[{len(body)} bytes, not shown]"}


def test_a_long_body_is_shortened(okta: Caller) -> None:
    okta("POST", "/Users", {"userName": "mia", "emails": [], "x": "y" * 9000})
    assert len(kept(okta)[-1].request) <= recording.LONGEST_BODY + 1


def test_only_the_newest_stay(okta: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "KEPT", 3)
    monkeypatch.setattr(recording, "PRUNED_EVERY", 1)
    for number in range(6):
        okta("POST", "/Users", {"userName": f"n{number}"})
    assert len(kept(okta)) == 3
    assert '"n5"' in kept(okta)[-1].request


def test_they_are_forgotten_after_a_week(okta: Caller, stranger: Caller) -> None:
    okta.create("mia")
    stranger.create("mia")
    for days, left in ((6, 1), (8, 0)):
        with time_machine.travel(timezone.now() + dt.timedelta(days=days)):
            both = {str(okta.tenant.id), str(stranger.tenant.id)}
            assert set(recording.tenants_with_old_requests()) == (both if days == 8 else set())
            clean_up(str(okta.tenant.id))
        assert len(kept(okta)) == left
    assert len(kept(stranger)) == 1


def test_a_refused_creation_and_a_refused_change_ask_an_administrator(
    okta: Caller, entra: Caller, bob: Person
) -> None:
    body = {"userName": "robert", "externalId": "00u1", "emails": [{"value": "bob@acme.example"}]}
    assert okta("POST", "/Users", body).status_code == 409
    assert entra.patch(str(bob.user.pk), {"op": "replace", "path": "title", "value": "x"}).status_code == 403
    with in_tenant(okta.tenant):
        asked = PendingLink.objects.get(source=okta.source)
        assert (asked.user, asked.external_id, asked.user_name) == (bob.user, "00u1", "robert")
        assert PendingLink.objects.get(source=entra.source).user == bob.user
        accept_link(asked, actor=Actor.system())
    assert okta("POST", "/Users", body).status_code == 201


def test_what_is_refused_for_another_reason_asks_nobody(okta: Caller) -> None:
    okta.create("mia")
    okta("POST", "/Users", {"userName": "mia", "emails": [{"value": "mia@acme.example"}]})
    with in_tenant(okta.tenant):
        assert not PendingLink.objects.exists()


def test_what_cannot_be_seen_is_shown_by_its_number(okta: Caller) -> None:
    assert okta("POST", "/Users", {"userName": "a\u202eb", "title": "Führung 🚪"}).status_code == 400
    (row,) = kept(okta)
    assert "a\\u202eb" in row.request
    assert "\u202e" not in row.request
    assert "Führung 🚪" in row.request  # negative control: what can be seen stays as it was
