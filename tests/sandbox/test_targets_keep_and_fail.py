"""What every target does, whatever its kind: who may call it, what it keeps of a request, and faults on purpose."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connections
from django.test import Client

from apps.sandbox import actions, engine
from apps.sandbox.models import KEPT_REQUESTS, Fault, SandboxRequest, TargetKind
from apps.sandbox.targets import KINDS
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.sandbox.conversation import Scim

USER = {
    "userName": "mia",
    "externalId": "mia",
    "emails": [{"type": "work", "value": "mia@example.com"}],
    "name": {"givenName": "Mia"},
}


def test_every_kind_has_its_file() -> None:
    assert set(KINDS) == set(TargetKind.values)
    assert {kind.key for kind in KINDS.values()} == set(KINDS)


@pytest.mark.parametrize("kind", TargetKind.values)
def test_another_tenants_target_is_404_even_with_its_token(
    target_of: Callable[..., Scim], other_tenant: Tenant, kind: str
) -> None:
    caller = target_of(kind)
    token = {"Authorization": f"Bearer {caller.token}"}
    there = f"/t/{other_tenant.slug}/sandbox/scim/{caller.target.slug}/Users"
    assert Client().get(there, headers=token).status_code == 404
    assert caller.send("GET", "/Users").status_code == 200


def test_the_same_slug_in_two_tenants_is_two_targets(
    target_of: Callable[..., Scim], other_tenant: Tenant
) -> None:
    caller = target_of("generic")
    with in_tenant(other_tenant):
        theirs, token = actions.add_target(slug=caller.target.slug, label="Theirs")
    assert token
    stranger = Scim(theirs, caller.token)
    assert stranger.send("GET", "/Users").status_code == 401
    assert Scim(theirs, token).send("GET", "/Users").status_code == 200


def test_a_new_token_ends_the_old_one(target_of: Callable[..., Scim]) -> None:
    caller = target_of("generic")
    new = Scim(caller.target, actions.renew_token(caller.target))
    assert caller.send("GET", "/Users").status_code == 401
    assert new.send("GET", "/Users").status_code == 200


@pytest.mark.parametrize("kind", TargetKind.values)
@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b"", b"\xff", b'{"userName": "a\\u0000b"}', b"[" * 100_000]
)
def test_a_body_that_is_no_resource_is_400_and_never_500(
    target_of: Callable[..., Scim], kind: str, body: bytes
) -> None:
    caller = target_of(kind)
    assert caller.send("POST", "/Users", body).status_code == 400
    assert caller.send("POST", "/Users", USER).status_code == 201


@pytest.mark.parametrize("kind", TargetKind.values)
def test_values_that_no_column_holds_are_refused_and_never_500(
    target_of: Callable[..., Scim], kind: str
) -> None:
    caller = target_of(kind)
    for name, value in (("userName", "x" * 5000), ("externalId", ["x"]), ("emails", "x"), ("name", [])):
        status = caller.send("POST", "/Users", USER | {name: value}).status_code
        assert status in {201, 400, 412}, f"{name}: {status}"
    assert caller.send("GET", "/Users/%00").status_code == 404
    assert caller.send("GET", "/Users?filter=userName%20eq%20%22%00%22").status_code == 400
    assert caller.send("GET", "/Users?startIndex=x&count=99999999999").status_code == 200


@pytest.mark.parametrize("kind", TargetKind.values)
def test_addresses_are_taken_as_they_come_and_never_redirected(
    target_of: Callable[..., Scim], kind: str
) -> None:
    caller = target_of(kind)
    assert caller.send("POST", "/Users", USER).status_code == 201
    for noise in ("/Users/?filter=", "/Users?", "/Users?startIndex=1&", "/Users/"):
        assert caller.send("GET", noise).status_code in {200, 400, 412}, noise
    assert caller.send("GET", "/Users/?startIndex=1&").json()["totalResults"] == 1


def test_requests_are_kept_without_token_and_password(target_of: Callable[..., Scim]) -> None:
    caller = target_of("generic")
    caller.send("POST", "/Users", USER | {"password": 'hun"ter2'})
    Scim(caller.target, "wrong-" * 10).send("POST", "/Users", USER)
    stranger, known = SandboxRequest.objects.all()
    assert (known.method, known.path, known.status) == ("POST", "/Users", 201)
    assert '"password": "[FILTERED]"' in known.request_body
    assert known.token_hint == f"…{caller.token[-4:]}"
    assert (stranger.status, stranger.request_body) == (401, "")
    everything = " ".join(str(value) for row in (known, stranger) for value in vars(row).values())
    assert caller.token not in everything
    assert "ter2" not in everything


def test_only_the_last_requests_are_kept(
    target_of: Callable[..., Scim], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert KEPT_REQUESTS == 200
    monkeypatch.setattr(engine, "KEPT_REQUESTS", 3)
    caller = target_of("generic")
    for number in range(5):
        caller.send("GET", f"/Users?startIndex={number}")
    kept = [request.path for request in SandboxRequest.objects.all()]
    assert kept == [f"/Users?startIndex={number}" for number in (4, 3, 2)]


FAULTS = [
    ("gitlab_saas", Fault.CONFLICT, 409, "has already been taken"),
    ("pulumi", Fault.CONFLICT, 409, '"scimType": "uniqueness"'),
    ("generic", Fault.TOO_MANY, 429, "Retry later"),
    ("generic", Fault.SERVER_ERROR, 500, "Internal Server Error"),
    ("gitlab_saas", Fault.UNAUTHORIZED, 401, "401 Unauthorized"),
]


@pytest.mark.parametrize(("kind", "fault", "status", "says"), FAULTS)
def test_the_next_requests_meet_the_fault_and_the_one_after_does_not(
    target_of: Callable[..., Scim], kind: str, fault: str, status: int, says: str
) -> None:
    caller = target_of(kind)
    assert caller.send("GET", "/Users").status_code == 200, "off by default"
    actions.set_fault(caller.target, fault, 2)
    assert Scim(caller.target, "wrong").send("GET", "/Users").status_code == 401, "uses up no fault"
    for _ in range(2):
        answer = caller.send("POST", "/Users", USER)
        assert (answer.status_code, says in answer.content.decode()) == (status, True)
        assert (answer.headers.get("Retry-After") == "3") == (fault == Fault.TOO_MANY)
    assert caller.target.accounts.count() == 0
    assert caller.send("POST", "/Users", USER).status_code == 201
    assert list(SandboxRequest.objects.values_list("fault", flat=True)) == ["", fault, fault, "", ""]


def test_a_lost_answer_was_carried_out(target_of: Callable[..., Scim]) -> None:
    caller = target_of("generic")
    actions.set_fault(caller.target, Fault.LOST)
    assert caller.send("POST", "/Users", USER).status_code == 500
    assert caller.target.accounts.count() == 1


def test_a_slow_answer_takes_its_time(
    target_of: Callable[..., Scim], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=waits.append)
    monkeypatch.setattr(engine, "time", clock)
    caller = target_of("generic")
    actions.set_fault(caller.target, Fault.SLOW)
    for _ in range(2):  # only the first of them is slow
        assert caller.send("GET", "/Users").status_code == 200
    assert waits == [engine.SLOW_SECONDS]


def test_a_fault_can_be_switched_off(target_of: Callable[..., Scim]) -> None:
    caller = target_of("generic")
    actions.set_fault(caller.target, Fault.SERVER_ERROR, 50)
    actions.set_fault(caller.target, Fault.NONE)
    assert caller.send("GET", "/Users").status_code == 200


def test_adding_twice_changes_nothing(target_of: Callable[..., Scim]) -> None:
    caller = target_of("generic")
    again, token = actions.add_target(slug=caller.target.slug, label="Other", kind="pulumi")
    assert (again.pk, again.kind, token) == (caller.target.pk, "generic", None)
    first = actions.add_account(caller.target, user_name="Ada", email="ada@example.com")
    assert actions.add_account(caller.target, user_name="ada", email="other@example.com").pk == first.pk


@pytest.mark.django_db(transaction=True)
def test_one_user_name_sent_by_many_at_once_is_created_once(target_of: Callable[..., Scim]) -> None:
    caller = target_of("generic")
    statuses: list[int] = []

    def create() -> None:
        try:
            statuses.append(Scim(caller.target, caller.token).send("POST", "/Users", USER).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409, 409, 409]
