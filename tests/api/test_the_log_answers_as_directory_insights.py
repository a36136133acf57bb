"""What scripts send to JumpCloud's Directory Insights by POST is answered here in the same shape (docs/rest-api.md)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from apps.accounts.models import Role
from apps.applications.models import Application
from apps.events import search as searching
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.conftest import Person

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
ALWAYS: dict[str, Any] = {
    "service": ["all"],
    "start_time": "2026-03-01T00:00:00Z",
    "end_time": "2026-03-02T00:00:00Z",
}
REQUEST = "0d9f1c0e-6d0b-4c36-9a53-3b1d2f0f7a01"


@pytest.fixture
def lab(api: Script) -> Application:
    made = api.post("/applications/", {"connector": "custom_saml", "display_label": "Lab"})
    with in_tenant(api.tenant):
        return Application.objects.get(pk=made["id"])


@pytest.fixture
def history(api: Script, bob: Person, lab: Application) -> None:
    """Six lines of one morning, ten minutes apart: two sign-ons, a refused sign-in, one of an application, one of a machine, one of a group."""
    mia = Actor("person", str(bob.user.pk), "bob", "192.0.2.7", "Firefox", auth_method="password")
    bot, machine = Actor("administrator", "a" * 32, "Zed", "2001:DB8::1".lower()), Actor.system()
    at_lab, him = Target.of("application", lab), Target("user", str(bob.user.pk), "bob")
    lines: list[dict[str, Any]] = [
        {"event_type": EventType.SSO_AUTH, "actor": mia, "target": him, "application": at_lab, "details": {"idp_initiated": True}},
        {"event_type": EventType.SSO_AUTH, "actor": mia, "target": him, "application": at_lab, "details": {"idp_initiated": False}, "success": False, "error_message": "Not in a bound group."},
        {"event_type": EventType.USER_LOGIN_ATTEMPT, "actor": mia, "target": him, "success": False},
        {"event_type": EventType.APPLICATION_UPDATE, "actor": bot, "target": at_lab, "correlation_id": REQUEST},
        {"event_type": EventType.USER_CREATE_PROVISION, "actor": machine, "target": him, "application": at_lab, "success": False,
         "message_chain": {"response_code": "409"}, "details": {"idm_client_id": "idm2"}},
        {"event_type": EventType.GROUP_CREATE, "actor": bot, "target": Target("group", "b" * 32, "Engineering")},
    ]  # fmt: skip
    with in_tenant(api.tenant):
        for number, line in enumerate(lines):
            with time_machine.travel(START + timedelta(minutes=10 * number), tick=False):
                record(line.pop("event_type"), **line)


def asked(api: Script, path: str = "", **body: Any) -> Any:
    answer = api("POST", f"/events/{path}", ALWAYS | body)
    assert answer.status_code == 200, answer.content
    return answer


def numbers(api: Script, **body: Any) -> list[int]:
    moments = [datetime.fromisoformat(each["timestamp"]) for each in asked(api, **body).json()]
    return [int((moment - START).total_seconds() // 600) for moment in moments]


TERMS: list[tuple[Any, list[int]]] = [
    ({"event_type": "sso_auth"}, [0, 1]),
    ({"event_type": ["sso_auth", "GROUP_CREATE"]}, [0, 1, 5]),
    ({"and": [{"event_type": "sso_auth"}, {"success": False}]}, [1]),
    ({"event_type": "sso_auth", "success": True}, [0]),
    ({"or": [{"event_type": "sso_auth"}, {"event_type": "group_create"}]}, [0, 1, 5]),
    ({"or": [{"event_type": "group_create"}, {"client_ip": "192.0.2.7"}]}, [0, 1, 2, 5]),
    ({"not": [{"event_type": "sso_auth"}, {"event_type": "group_create"}]}, [2, 3, 4]),
    ({"not": {"idp_initiated": True}}, [1, 2, 3, 4, 5]),
    ({"not": {"correlation.id": REQUEST}}, [0, 1, 2, 4, 5]),
    (
        {
            "and": [
                {"or": [{"success": False}, {"resource.type": "user_group"}]},
                {"not": [{"client_ip": "192.0.2.7"}]},
            ]
        },
        [4, 5],
    ),
    ({"initiated_by.username": "BOB"}, [0, 1, 2]),
    ({"initiated_by.email": "bob@acme.example"}, [0, 1, 2]),
    ({"initiated_by.username": "zed"}, [3, 5]),
    ({"initiated_by.id": "A" * 32}, [3, 5]),
    ({"initiated_by.type": "admin"}, [3, 5]),
    ({"initiated_by.type": ["admin", "system"]}, [3, 4, 5]),
    ({"resource.username": "bob"}, [0, 1, 2, 4]),
    ({"and": [{"resource.username": "bob"}, {"initiated_by.username": "bob"}]}, [0, 1, 2]),
    ({"resource.id": "b" * 32}, [5]),
    ({"resource.name": "engineering"}, [5]),
    ({"application.name": "lab"}, [0, 1, 3, 4]),
    ({"application.display_label": "Nothing"}, []),
    ({"idm_client_id": "idm2"}, [4]),
    ({"idp_initiated": True}, [0]),
    ({"message_chain.response_code": 409}, [4]),
    ({"error_message": "not in a bound group."}, [1]),
    ({"auth_method": "password"}, [0, 1, 2]),
    ({"client_ip": ""}, [4]),
    ({"or": [{"client_ip": ""}, {"client_ip": "192.0.2.7"}]}, [0, 1, 2, 4]),
    ({"error_message": ""}, [0, 2, 3, 4, 5]),
    ({"correlation.id": REQUEST}, [3]),
    ({"service": "idm"}, [4]),
    ({"and": [{"event_type": "sso_auth"}, {"event_type": "group_create"}]}, []),
    ({"and": [{"service": "sso"}, {"not": {"event_type": "sso_auth"}}]}, [3]),
    ({"success": [True, False]}, [0, 1, 2, 3, 4, 5]),
]


@pytest.mark.parametrize(("term", "found"), TERMS, ids=[json.dumps(term) for term, _found in TERMS])
def test_a_term_finds_what_it_says(api: Script, history: None, term: Any, found: list[int]) -> None:
    mine = {"not": {"initiated_by.type": "api_key"}}  # what the preparations left
    assert numbers(api, search_term={"and": [term, mine]}) == found
    assert asked(api, "count/", search_term={"and": [term, mine]}).json()["count"] == len(found)
    assert numbers(api, search_term={"and": [{"not": term}, mine]}) == sorted({*range(6)} - {*found})


def test_services_words_and_times_narrow(api: Script, history: None) -> None:
    assert numbers(api, service=["sso"]) == [0, 1, 3]
    assert numbers(api, service=["sso", "idm"]) == [0, 1, 3, 4]
    assert numbers(api, service=["sso"], search_term={"service": "idm"}) == []
    assert numbers(api, service=["sso"], search_term={"event_type": "group_create"}) == []
    assert numbers(api, q="bound group") == [1]
    assert numbers(
        api, service=["sso"], start_time="2026-03-01T10:10:00Z", end_time="2026-03-01T10:30:00Z"
    ) == [1]


def test_an_event_is_told_with_the_names_of_directory_insights(
    api: Script, history: None, bob: Person, lab: Application
) -> None:
    first, second, *_more = asked(api, service=["sso"]).json()
    assert first == {
        "id": first["id"], "event_type": "sso_auth", "service": "sso", "timestamp": "2026-03-01T10:00:00Z", "success": True,
        "organization": str(api.tenant.pk), "initiated_by": {"type": "systemuser", "id": str(bob.user.pk), "username": "bob"},
        "resource": {"type": "systemuser", "id": str(bob.user.pk), "username": "bob"},
        "application": {"id": str(lab.pk), "name": "Lab", "display_label": "Lab"}, "client_ip": "192.0.2.7",
        "useragent": {"original": "Firefox"}, "auth_method": "password", "idp_initiated": True, "details": {"idp_initiated": True}, "@version": "1",
    }  # fmt: skip
    assert (second["success"], second["error_message"], second["idp_initiated"]) == (
        False,
        "Not in a bound group.",
        False,
    )
    assert asked(api, service=["sso"], fields=["id", "success"]).json()[0] == {
        "id": first["id"],
        "success": True,
    }


def test_the_header_leads_from_list_to_list_until_one_is_short(api: Script, history: None) -> None:
    seen, more = [], {}
    for _look in range(4):
        answer = asked(api, service=["sso", "idm", "directory"], limit=4, **more)
        seen += [each["id"] for each in answer.json()]
        assert answer["X-Result-Count"] == str(len(answer.json()))
        assert (answer["X-Limit"], answer["X-Sort"]) == ("4", "ASC")
        if len(answer.json()) < 4:
            break
        more = {"search_after": json.loads(answer["X-Search_after"])}
    with in_tenant(api.tenant):
        lines = Event.objects.filter(created_at__date="2026-03-01").order_by("created_at", "pk")
        assert seen == [str(pk) for pk in lines.values_list("pk", flat=True)]
    newest = asked(api, limit=2, sort="DESC").json()
    assert [each["id"] for each in newest] == seen[:-3:-1]
    assert asked(api, **more | {"start_time": "2026-03-01T10:55:00Z"})["X-Search_after"] == json.dumps(
        more["search_after"]
    )


def test_values_and_stretches_of_time_are_counted(api: Script, history: None) -> None:
    complete = {"complete": True, "counted_from": None}
    assert asked(api, "count/", service=["sso"]).json() == {"count": 3, **complete}
    assert asked(api, "distinct/", service=["sso", "idm"], field="initiated_by.username").json() == {
        "initiated_by.username": [{"key": "bob", "doc_count": 2}, {"key": "Gatehouse", "doc_count": 1}, {"key": "Zed", "doc_count": 1}],
        **complete,
    }  # fmt: skip
    told = asked(api, "interval/", service=["sso"], interval_unit="h", timezone="-0500").json()
    assert [(each["key_as_string"], each["doc_count"]) for each in told["buckets"]] == [
        ("2026-03-01T05:00:00-05:00", 3)
    ]


def deep(levels: int) -> Any:
    return {"not": deep(levels - 1)} if levels else {"success": True}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"service": None}, "service"), ({"service": []}, "service"), ({"service": ["radius"]}, "service"),
        ({"start_time": None}, "start_time"), ({"start_time": "yesterday"}, "start_time"), ({"limit": 0}, "limit"), ({"limit": 10_001}, "limit"),
        ({"sort": "UP"}, "sort"), ({"fields": []}, "fields"), ({"fields": ["digest"]}, "fields"), ({"search_after": ["x", "y"]}, "search_after"),
        ({"search_after": {"a": 1}}, "search_after"), ({"skip": 5}, "skip"), ({"search_term": []}, "search_term"), ({"search_term": {}}, "search_term"),
        ({"search_term": {"and": []}}, "search_term"), ({"search_term": {"and": ["x"]}}, "search_term"), ({"search_term": {"changes": "x"}}, "search_term"),
        ({"search_term": {"tenant_id": "x"}}, "search_term"), ({"search_term": {"actor_name__regex": "(a+)+$"}}, "search_term"),
        ({"search_term": {"event_type": "nonsense"}}, "search_term"), ({"search_term": {"not": {"event_type": "nonsense"}}}, "search_term"),
        ({"search_term": {"success": "perhaps"}}, "search_term"), ({"search_term": {"correlation.id": "x"}}, "search_term"),
        ({"search_term": {"client_ip": None}}, "search_term"), ({"search_term": {"client_ip": {"a": 1}}}, "search_term"), ({"search_term": {"client_ip": []}}, "search_term"),
        ({"search_term": {"client_ip": "a\x00b"}}, "search_term"), ({"search_term": {"client_ip": ["x"] * 51}}, "search_term"), ({"search_term": deep(20)}, "search_term"),
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_named(
    api: Script, history: None, wrong: dict[str, Any], field: str
) -> None:
    named = api.refused("POST", "/events/", ALWAYS | wrong)
    assert {name.partition(".")[0] for name in named} == {field}
    assert api("POST", "/events/", ALWAYS).status_code == 200


@pytest.mark.parametrize(
    ("path", "wrong"),
    [("distinct/", {}), ("distinct/", {"field": "details"}), ("interval/", {"interval_unit": "y"}), ("interval/", {"timezone": "Mars"}), ("count/", {"limit": 5})],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(
    api: Script, history: None, path: str, wrong: dict[str, Any]
) -> None:
    assert api.refused("POST", f"/events/{path}", ALWAYS | wrong).keys() == (wrong.keys() or {"field"})


def test_a_list_is_never_short_while_there_is_more(
    api: Script, history: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts take a short list for the last one. It is filled over several looks; what would take too many is refused."""
    monkeypatch.setattr(searching, "REACH", 2)
    term = {"search_term": {"error_message": "not in a bound group."}, "limit": 1, "sort": "DESC"}
    assert numbers(api, **term) == [1]
    monkeypatch.setattr(searching, "MOST_LOOKS", 1)
    assert api.refused("POST", "/events/", ALWAYS | term).keys() == {"start_time"}
    assert numbers(api, **term | {"end_time": "2026-03-01T10:20:00Z"}) == [1]


def test_to_ask_is_to_read(api: Script, history: None, with_role: Any, stranger: Script) -> None:
    """Whoever may look may ask, and nothing is written by it; nobody else, and not without a key."""
    with in_tenant(api.tenant):
        before = Event.objects.count()
    asking = {role: with_role(role) for role in (Role.READ_ONLY, Role.HELP_DESK)}
    with in_tenant(api.tenant):
        prepared = Event.objects.count()
    assert prepared > before
    for script in asking.values():
        assert numbers(script, service=["idm"]) == [4]
        assert script("POST", "/groups/", {"name": "Mine"}).status_code == 403
    assert asked(stranger).json() == []
    assert asked(stranger, "count/").json()["count"] == 0
    assert api("POST", "/events/", ALWAYS, Authorization="Bearer wrong").status_code == 401
    with in_tenant(api.tenant):
        assert Event.objects.count() == prepared
