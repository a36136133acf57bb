"""Every type of event has its line in apps/events/catalogue.py, hence in docs/events.md, and says no more than stands there."""

import pytest

from apps.events.catalogue import DESCRIBED, Area, service_of, types_of
from apps.events.models import Event
from apps.events.types import EventType
from apps.tenants.context import every_tenant
from tests.events import catalogue_document
from tests.security.world import make_world


def test_no_type_is_without_a_description():
    assert [each.value for each in EventType if each not in DESCRIBED] == []


def test_a_type_that_is_not_described_is_told(monkeypatch):
    monkeypatch.delitem(DESCRIBED, EventType.USER_CREATE)
    with pytest.raises(LookupError, match="user_create"):
        catalogue_document.text()


def test_the_document_is_the_catalogue():
    assert catalogue_document.DOCUMENT.read_text() == catalogue_document.text(), (
        "python -m tests.events.catalogue_document"
    )


def undescribed():
    """What events hold and their description does not name."""
    found = set()
    with every_tenant():
        for event in Event.unscoped.all():
            told = DESCRIBED[EventType(event.type)]
            if " and " not in told.details:
                found |= {(event.type, key) for key in event.details.keys() - told.keys}
            if event.changes and not told.changes:
                found.add((event.type, "changes"))
            if event.actor_kind not in told.by.split():
                found.add((event.type, f"by {event.actor_kind}"))
            if event.target_kind not in told.target:
                found.add((event.type, f"about {event.target_kind}"))
    return sorted(found)


@pytest.mark.django_db
def test_what_happens_holds_what_is_described(monkeypatch):
    make_world("acme")
    with every_tenant():
        assert Event.unscoped.values("type").order_by().distinct().count() > 10
    assert undescribed() == []
    monkeypatch.setitem(DESCRIBED, EventType.USER_CREATE, DESCRIBED[EventType.API_KEY_DELETE])
    assert undescribed()


def test_every_service_has_types_and_each_is_found_again():
    for service in Area:
        assert types_of(service)
        assert {service_of(each) for each in types_of(service)} == {service}
    assert service_of("of_a_later_version") == ""
