"""One JSON line for each event, after the commit alone, in OpenTelemetry's words, without secrets; and nothing where it is not asked for."""

import json
import logging
import re
from pathlib import Path

import pytest
import structlog
from django.db import transaction
from django.utils import translation

from apps.events.actions import authored, line, record, record_all, recorded, unauthored
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.correlation import correlated
from portal import logs

ANN = Actor("person", "a" * 32, "ann", "192.0.2.1", "Mozilla/5.0", auth_method="session")


@pytest.fixture
def lines(settings, monkeypatch):
    settings.EVENTS_TO_STDOUT = True
    told = []
    handler = logging.Handler()
    processors = logs.configuration(debug=False)["formatters"]["event"]["processors"]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=processors))
    handler.emit = lambda each: told.append(json.loads(handler.format(each)))
    logger = logging.getLogger("gatehouse.events")
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "level", logging.INFO)
    return told


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_told(lines, tenant, inside):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(EventType.USER_UPDATE, actor=ANN)
        raise ZeroDivisionError
    assert lines == []
    with transaction.atomic():
        record(EventType.USER_UPDATE, actor=ANN)
        assert lines == []
    assert len(lines) == 1


def test_nothing_is_told_where_nobody_asks(lines, inside, settings, django_capture_on_commit_callbacks):
    settings.EVENTS_TO_STDOUT = False
    with django_capture_on_commit_callbacks(execute=True):
        record(EventType.USER_UPDATE, actor=ANN)
    assert lines == []


def test_a_line_has_the_names_of_the_log_data_model(lines, inside, django_capture_on_commit_callbacks):
    event_id = Event().pk
    with django_capture_on_commit_callbacks(execute=True), correlated(event_id):
        event = recorded(
            EventType.USER_UPDATE,
            actor=ANN,
            target=Target("user", "b" * 32, "Bén\nLee"),
            success=False,
            error_message="No.",
        )
    (told,) = lines
    assert told.keys() == {
        "Timestamp",
        "SeverityText",
        "SeverityNumber",
        "Body",
        "EventName",
        "TraceId",
        "Resource",
        "Attributes",
    }
    assert told["Timestamp"] == event.created_at.isoformat().replace("+00:00", "Z")
    assert (told["SeverityText"], told["SeverityNumber"], told["EventName"]) == (
        "WARN",
        13,
        "gatehouse.user_update",
    )
    assert told["TraceId"] == event_id.hex
    assert told["Resource"] == {"service.name": "gatehouse", "gatehouse.tenant.id": str(inside.pk)}
    attributes = told["Attributes"]
    assert (attributes["gatehouse.event.id"], attributes["enduser.id"], attributes["client.address"]) == (
        str(event.pk),
        ANN.id,
        "192.0.2.1",
    )
    assert "gatehouse.application.id" not in attributes


def whole_lines():
    record_all([line(EventType.SSO_AUTH, actor=ANN, details={"number": number}) for number in range(3)])


def lines_of_one_author():
    rest = [unauthored(EventType.SSO_AUTH, details={"number": number}) for number in range(3)]
    record_all(rest, common=authored(ANN))


@pytest.mark.parametrize("record_many", [whole_lines, lines_of_one_author])
def test_many_at_once_are_told_as_they_are_kept(
    lines, inside, django_capture_on_commit_callbacks, record_many
):
    with django_capture_on_commit_callbacks(execute=True):
        record_many()
    assert set(Event.objects.filter(type="sso_auth").values_list("actor_id", "actor_name")) == {
        (ANN.id, ANN.name)
    }
    assert {each["Attributes"]["enduser.id"] for each in lines} == {ANN.id}
    kept = {str(event.pk): event for event in Event.objects.filter(type="sso_auth")}
    assert [each["Attributes"]["gatehouse.details"]["number"] for each in lines] == [0, 1, 2]
    for each in lines:
        assert each["Timestamp"] == kept[
            each["Attributes"]["gatehouse.event.id"]
        ].created_at.isoformat().replace("+00:00", "Z")


def test_what_is_named_as_a_secret_is_masked_however_deep(lines, inside, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        record(
            EventType.USER_UPDATE,
            actor=ANN,
            details={"list": [{"scim_token": "CANARY", "host": "kept"}], "password": "CANARY"},
        )
    assert "CANARY" not in json.dumps(lines)
    assert "kept" in json.dumps(lines)


def test_whoever_reads_german_writes_the_same_line(lines, inside, django_capture_on_commit_callbacks):
    told = Target("user", "1", "Ben")
    for language in ("en", "de"):
        with translation.override(language), django_capture_on_commit_callbacks(execute=True):
            record(EventType.USER_UPDATE, actor=ANN, target=told)
            shown = str(Event.objects.latest("created_at"))
    assert [each["Body"] for each in lines] == ["User updated: Ben"] * 2
    assert shown not in lines[1]["Body"]  # the page says it in German


def test_the_page_about_the_lines_names_all_of_them_and_nothing_else(
    lines, inside, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        record(EventType.USER_UPDATE, actor=ANN)
    (told,) = lines
    page = Path("docs/log-lines.md").read_text()
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == told.keys()
    taken = set(re.findall(r"attributes\.(\w+)", page))
    assert taken
    assert taken <= told.keys()
    assert set(re.findall(r'resource\["([\w.]+)"\]', page)) == told["Resource"].keys()
    named = {name for name in told["Attributes"] if f"`{name}`" in page}
    missing = {
        name
        for name in told["Attributes"]
        if name not in named and not name.startswith(("gatehouse.target.", "gatehouse.application."))
    }
    assert missing == set()
