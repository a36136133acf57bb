import csv
import io
import json
from typing import Any
from urllib.parse import quote

import pytest
import time_machine

from apps.api.views import events as views
from apps.events import counting
from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.conftest import Person

ALL = {"complete": True, "counted_from": None}


@pytest.fixture
def history(api: Script) -> dict[str, Any]:
    """Three days in March."""
    with time_machine.travel("2026-03-01T10:00:00Z", tick=True):
        mia = api.post("/users/", {"username": "mia", "email": "mia@acme.example"})
    with time_machine.travel("2026-03-01T23:30:00Z", tick=True):
        group = api.post("/groups/", {"name": "Engineering"})
    with time_machine.travel("2026-03-02T10:00:00Z", tick=True):
        api.post(f"/groups/{group['id']}/members/", {"user": mia["id"]})
        api("PATCH", f"/users/{mia['id']}/", {"active": False})
    return {"mia": mia, "group": group}


@pytest.mark.parametrize(
    "query",
    ["event_type=nonsense", "success=perhaps", "from=yesterday", "to=2026-13-01", "q=%00", "type=user_create", "service=nonsense", "service=", "frm=2026-03-01"],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused_and_not_ignored(api: Script, query: str) -> None:
    for path in ("/events/", "/events/count/", "/events/export/"):
        assert api.refused("GET", f"{path}?{query}").keys() == {query.split("=", maxsplit=1)[0]}


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/events/export/?format=xlsx", "format"), ("/events/distinct/", "field"), ("/events/distinct/?field=digest", "field"),
        ("/events/distinct/?field=details", "field"), ("/events/interval/?interval_unit=y", "interval_unit"),
        ("/events/interval/?timezone=-2500", "timezone"), ("/events/interval/?timezone=Mars/Olympus", "timezone"), ("/events/interval/?timezone=../../etc/passwd", "timezone"),
    ],
)  # fmt: skip
def test_wrong_questions_are_refused(api: Script, path: str, wrong: str) -> None:
    assert api.refused("GET", path).keys() == {wrong}


def test_the_log_cannot_be_written(api: Script, history: dict[str, Any]) -> None:
    """POST of the list asks, as Directory Insights does: test_the_log_answers_as_directory_insights.py."""
    event = api.get("/events/")["results"][0]["id"]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert api(method, f"/events/{event}/", {}).status_code == 405
        assert api(method, "/events/", {}).status_code == (400 if method == "POST" else 405)


def test_another_tenants_events_are_not_there(api: Script, stranger: Script, history: dict[str, Any]) -> None:
    stranger.post("/groups/", {"name": "canary"})
    theirs = stranger.get("/events/?q=canary")["results"][0]["id"]
    assert api("GET", f"/events/{theirs}/").status_code == 404
    exported = api("GET", "/events/export/?format=jsonl").getvalue()
    assert b"canary" not in api("GET", "/events/?limit=200").content + exported
    assert api.get("/events/count/?q=canary") == {"count": 0, **ALL}


FOUND = {
    "event_type=group_create": {"group_create"},
    "service=directory": {"user_create", "group_create", "association_change", "user_suspended"},
    "service=sso,directory&event_type=group_create": {"group_create"},
    "service=sso,api": set(),
    "service=sso&event_type=group_create": set(),
    "event_type=user_create&success=true&user=mia": {"user_create"},
    "user=mia": {"user_create", "association_change", "user_suspended"},
    "group=engineering": {"group_create", "association_change"},
    "group=Engineering&event_type=association_change": {"association_change"},
    "group=Engineering&user=mia": {"association_change"},
    "group=nothing": set(),
    "actor=" + quote("Script (alice)"): {
        "user_create",
        "group_create",
        "association_change",
        "user_suspended",
    },
    "success=false": set(),
    "from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z": {"association_change", "user_suspended"},
    "from=2026-03-02T00:00:00%2B01:00&to=2026-03-02T00:00:00Z": {"group_create"},
    "from=2026-03-02T00:00:00+01:00&to=2026-03-02T00:00:00+00:00": {"group_create"},
    "q=engineer": {"group_create"},
    "q=MIA+127.0.0": {"user_create", "association_change", "user_suspended"},
    "application=nothing": set(),
}


@pytest.mark.parametrize("query", FOUND)
def test_a_filter_finds_what_it_says(api: Script, history: dict[str, Any], query: str) -> None:
    found = [each for each in api.get(f"/events/?{query}")["results"] if each["actor_kind"] == "api_key"]
    assert {each["event_type"] for each in found} == FOUND[query]


def test_ids_and_references_find_too(api: Script, history: dict[str, Any]) -> None:
    mia = history["mia"]["id"]
    assert api.get(f"/events/count/?user={mia}")["count"] == 3
    assert api.get(f"/events/count/?actor={api.key.pk}")["count"] == 4
    event = api.get("/events/?event_type=group_create")["results"][0]
    assert api.get(f"/events/?q={event['reference']}")["results"] == [event]
    assert api.get(f"/events/{event['id']}/") == event


def test_a_group_is_found_by_its_id_and_counted_and_by_its_name_when_it_is_gone(
    api: Script, history: dict[str, Any]
) -> None:
    other = api.post("/groups/", {"name": "Sales"})
    api.post(f"/groups/{other['id']}/members/", {"user": history["mia"]["id"]})
    group = history["group"]["id"]
    assert api.get(f"/events/count/?group={group}")["count"] == 2
    assert api.get(f"/events/count/?group={group}&user={other['id']}")["count"] == 0
    kinds = api.get(f"/events/distinct/?field=event_type&group={group}")["event_type"]
    assert {each["key"] for each in kinds} == {"group_create", "association_change"}
    days = api.get(f"/events/interval/?group={group}")["buckets"]
    assert [each["doc_count"] for each in days] == [1, 1]
    exported = api("GET", f"/events/export/?format=jsonl&group={group}").getvalue().splitlines()
    assert len(exported) == 2
    assert api("DELETE", f"/groups/{group}/").status_code == 204
    named = api.get("/events/?group=Engineering")["results"]
    assert {"group_create", "group_delete"} < {each["event_type"] for each in named}
    assert all("Sales" not in json.dumps(each) for each in named)


def test_the_newest_comes_first(api: Script, history: dict[str, Any]) -> None:
    moments = [each["created_at"] for each in api.get("/events/?actor=" + str(api.key.pk))["results"]]
    assert moments == sorted(moments, reverse=True)


def test_values_are_counted(api: Script, history: dict[str, Any]) -> None:
    query = f"actor={api.key.pk}"
    assert api.get(f"/events/distinct/?field=event_type&{query}") == {
        "event_type": [{"key": kind, "doc_count": 1} for kind in ("association_change", "group_create", "user_create", "user_suspended")],
        **ALL,
    }  # fmt: skip
    assert api.get(f"/events/distinct/?field=user&{query}") == {
        "user": [{"key": "mia", "doc_count": 3}, {"key": "Engineering", "doc_count": 1}],
        **ALL,
    }


def test_what_is_counted_goes_so_far_says_so_and_goes_on(
    api: Script, history: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {
        "count": api.get("/events/count/")["count"],
        "distinct": len(api.get("/events/?limit=1000")["results"]),
        "interval": api.get("/events/count/")["count"],
    }
    monkeypatch.setattr(counting, "COUNTED", 2)

    def number(document: dict[str, Any]) -> int:
        if "count" in document:
            return int(document["count"])
        return sum(each["doc_count"] for each in document.get("event_type") or document["buckets"])

    for path in ("count/?", "distinct/?field=event_type", "interval/?interval_unit=h"):
        seen, to, looks = 0, "", 0
        while looks < 50:
            document = api.get(f"/events/{path}{to}")
            seen, looks = seen + number(document), looks + 1
            if document["complete"]:
                assert document["counted_from"] is None
                break
            to = f"&to={document['counted_from']}"
        assert seen == whole[path.partition("/")[0]]
        assert looks > 2


def test_days_begin_where_the_asker_lives(api: Script, history: dict[str, Any]) -> None:
    query = f"actor={api.key.pk}&interval_unit=d"
    utc = api.get(f"/events/interval/?{query}")["buckets"]
    assert [(each["key_as_string"], each["doc_count"]) for each in utc] == [
        ("2026-03-01T00:00:00+00:00", 2), ("2026-03-02T00:00:00+00:00", 2),
    ]  # fmt: skip
    berlin = api.get(f"/events/interval/?{query}&timezone=Europe/Berlin")["buckets"]
    assert [(each["key_as_string"], each["doc_count"]) for each in berlin] == [
        ("2026-03-01T00:00:00+01:00", 1), ("2026-03-02T00:00:00+01:00", 3),
    ]  # fmt: skip
    assert utc[0]["key"] == 1772323200000
    assert api.get(f"/events/interval/?{query}&timezone=%2B01:00")["buckets"] == berlin
    assert api.get(f"/events/interval/?{query}&timezone=+0100")["buckets"] == berlin
    west = api.get(f"/events/interval/?{query}&timezone=-0030")["buckets"]
    assert [(each["key_as_string"], each["doc_count"]) for each in west] == [
        ("2026-03-01T00:00:00-00:30", 2), ("2026-03-02T00:00:00-00:30", 2),
    ]  # fmt: skip


def test_an_export_holds_what_the_list_holds(api: Script, history: dict[str, Any]) -> None:
    listed = api.get("/events/?user=mia")["results"]
    answer = api("GET", "/events/export/?user=mia&format=jsonl")
    assert answer["Content-Type"] == "application/jsonl"
    assert [json.loads(line) for line in answer.getvalue().splitlines()] == listed
    answer = api("GET", "/events/export/?user=mia")
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="events.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [row["id"] for row in rows] == [each["id"] for each in listed]
    assert [row["event_type"] for row in rows] == [each["event_type"] for each in listed]


def test_cells_that_a_spreadsheet_would_run_are_defused(api: Script, alice: Person) -> None:
    api.post("/groups/", {"name": "=HYPERLINK(1)"})
    rows = list(
        csv.DictReader(io.StringIO(api("GET", "/events/export/?event_type=group_create").getvalue().decode()))
    )
    assert rows[0]["target_name"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "sort=UP", "search_after=x", 'search_after=["x","y"]', "search_after=[]",
                                   'search_after=["2026-03-01T00:00:00Z","x"]', 'search_after={"a":1,"b":2}', "client_ip="])  # fmt: skip
def test_a_page_that_cannot_be_is_a_problem_of_its_field(api: Script, query: str) -> None:
    assert api.refused("GET", f"/events/?{query}").keys() == {query.partition("=")[0]}


def test_a_collector_goes_on_where_it_stopped_and_misses_nothing(
    api: Script, history: dict[str, Any]
) -> None:
    whole = [each["id"] for each in api.get("/events/?limit=1000")["results"]]
    seen, after = [], ""
    for _look in range(len(whole)):
        page = api.get(f"/events/?sort=ASC&limit=3{after}")
        seen += [each["id"] for each in page["results"]]
        after = f"&search_after={quote(json.dumps(page['search_after']))}"
        if page["next"] is None:
            break
    assert seen == whole[::-1]
    assert api.get(f"/events/?sort=ASC{after}")["results"] == []
    api.post("/groups/", {"name": "Later"})
    new = api.get(f"/events/?sort=ASC{after}")["results"]
    assert [each["event_type"] for each in new] == ["group_create"]


def test_pages_say_how_many_they_have_and_lead_to_the_next(api: Script, history: dict[str, Any]) -> None:
    answer = api(
        "GET",
        f"/events/?actor={api.key.pk}&limit=3&event_type=user_create,group_create,user_suspended,association_change",
    )
    assert (answer["X-Result-Count"], answer["X-Limit"]) == ("3", "3")
    following = answer.json()["next"]
    rest = api.get(following.partition("/api/v1")[2])
    assert len(rest["results"]) == 1
    assert rest["next"] is None
    assert rest["results"][0] not in answer.json()["results"]


def test_too_many_buckets_are_refused(
    api: Script, history: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(api.get("/events/interval/?interval_unit=s")["buckets"]) > 2
    monkeypatch.setattr(views, "MOST_BUCKETS", 1)
    assert api.refused("GET", "/events/interval/?interval_unit=s").keys() == {"interval_unit"}


def test_who_takes_the_log_away_stands_in_it(api: Script, history: dict[str, Any]) -> None:
    lines = api("GET", "/events/export/?format=jsonl&user=mia").getvalue().splitlines()
    assert all(b"events_export" not in line for line in lines)
    taken = api.get("/events/?event_type=events_export")["results"]
    assert [(each["actor_kind"], each["details"]) for each in taken] == [
        ("api_key", {"format": "jsonl", "filters": "format=jsonl&user=mia"})
    ]


def test_the_whole_log_is_exported_however_long(api: Script, history: dict[str, Any]) -> None:
    with in_tenant(api.tenant):
        total = Event.objects.count()
    lines = api("GET", "/events/export/?format=jsonl").getvalue().splitlines()
    assert len(lines) == total
