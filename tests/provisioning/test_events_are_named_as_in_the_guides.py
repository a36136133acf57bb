"""Every event that the guides name is recorded under that name, with status, message and details, and never with a secret."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.directory import actions as directory
from apps.events.models import Event
from apps.events.types import EventType
from apps.provisioning import actions
from apps.provisioning.errors import ActivationRefused
from tests.fakes.scim_target import TOKEN, Fault, scim_error
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db

CHAIN = {"response_code", "response_message", "message_details"}
REFUSED = scim_error(400, f"No. You sent {TOKEN}")


def activate(company: Any) -> None:
    company.work()


def update(company: Any) -> None:
    actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url, delete_after_days=7
    )


def reauthorize(company: Any) -> None:
    actions.reauthorize_integration(company.integration, actor=company.actor, token=TOKEN)


def deactivate(company: Any) -> None:
    actions.deactivate_integration(company.integration, actor=company.actor)


def remove(company: Any) -> None:
    actions.remove_integration(company.integration, actor=company.actor)


def join(company: Any) -> None:
    joins(company, "noah")


def rename(company: Any) -> None:
    directory.update_user(company.mia, actor=company.actor, first_name="Maria")


def leave(company: Any) -> None:
    directory.add_member(company.engineering, company.person("olga"), actor=company.actor)
    directory.remove_member(company.engineering, company.mia, actor=company.actor)


def delete(company: Any) -> None:
    actions.configure_integration(
        company.application,
        actor=company.actor,
        base_url=company.target.base_url,
        deprovisioning="delete",
        delete_after_days=0,
    )
    leave(company)


def look_up_in_vain(company: Any) -> None:
    """Two accounts of one name: nobody can say which is theirs."""
    company.target.add_user("noah", "noah@example.com")
    company.target.add_user("noah", "noah@example.com")
    joins(company, "noah")


def add_group(company: Any) -> None:
    company.group("Sales", company.mia)


def rename_group(company: Any) -> None:
    directory.update_group(company.engineering, actor=company.actor, name="Platform")


def remove_group(company: Any) -> None:
    company.group("Sales", company.mia)  # who covers mia
    directory.remove_group(company.engineering, actor=company.actor)


SCENES: dict[str, tuple[Callable[[Any], None], str]] = {
    "idm_integration_activate": (activate, "200"),
    "idm_integration_update": (update, ""),
    "idm_integration_reauth": (reauthorize, "200"),
    "idm_integration_delete": (deactivate, ""),
    "user_create_provision": (join, "201"),
    "user_update_provision": (rename, "204"),
    "user_deprovision": (leave, "204"),
    "user_delete_provision": (delete, "204"),
    "group_create_provision": (add_group, "201"),
    "group_update_provision": (rename_group, "204"),
    "group_delete_provision": (remove_group, "204"),
}


def latest(event_type: str, besides: int = 0) -> Event:
    """Of those that came after the `besides` there were already."""
    found = list(Event.objects.filter(type=event_type).order_by("created_at", "id"))
    assert len(found) > besides, f"no {event_type}"
    return found[-1]


def count(event_type: str) -> int:
    return int(Event.objects.filter(type=event_type).count())


def test_the_names_are_those_of_the_guides():
    """Integration, user and group events; "lookup" only where there is trouble."""
    told = {str(each) for each in EventType if str(each).startswith("idm_integration_")}
    told |= {str(each) for each in EventType if str(each).endswith("provision")}
    told -= {"user_keep_provision", "group_keep_provision"}  # decisions here, of which no application is told
    assert told == {*SCENES, "user_lookup_provision"}


@pytest.mark.parametrize("event_type", SCENES)
def test_what_was_done_is_recorded_under_its_name(staffed, event_type):
    company = staffed(manage_groups=True)
    scene, code = SCENES[event_type]
    before = 0 if scene is activate else count(event_type)
    scene(company)
    company.work()
    event = latest(event_type, before)
    assert event.success
    assert event.message_chain.keys() == CHAIN
    assert (event.message_chain["response_code"], event.message_chain["message_details"]) == (code, "OK")
    assert event.message_chain["response_message"]
    assert event.details["idm_client_id"] == str(company.integration.pk)
    assert event.application_name == "Target"


def test_trouble_with_a_look_up_is_recorded_under_its_name_and_a_look_up_without_is_not(staffed):
    company = staffed()
    joins(company, "olga")
    company.work()
    assert not Event.objects.filter(type="user_lookup_provision").exists()
    look_up_in_vain(company)
    company.work()
    event = latest("user_lookup_provision")
    assert not event.success
    assert event.message_chain.keys() == CHAIN
    assert event.message_chain["message_details"] == event.error_message
    assert event.target_name == "Noah Example"


FAILING = {
    "user_create_provision": (join, "POST"),
    "user_update_provision": (rename, "PATCH"),
    "user_deprovision": (leave, "PATCH"),
    "user_delete_provision": (delete, "DELETE"),
    "group_create_provision": (add_group, "POST"),
    "group_update_provision": (rename_group, "PATCH"),
    "group_delete_provision": (remove_group, "DELETE"),
}


@pytest.mark.parametrize("event_type", FAILING)
def test_what_was_refused_is_recorded_under_the_same_name_in_the_applications_words(staffed, event_type):
    company = staffed(manage_groups=True)
    scene, method = FAILING[event_type]
    company.target.faults = [Fault(400, body=REFUSED, method=method, times=10)]
    before = count(event_type)
    scene(company)
    company.work()
    event = latest(event_type, before)
    assert not event.success
    assert event.message_chain.keys() == CHAIN
    assert event.message_chain["response_code"] == "400"
    assert event.message_chain["message_details"].startswith("No. You sent ")


def test_a_refused_activation_and_reauthorisation_are_recorded(staffed):
    company = staffed()
    for event_type, act in (
        ("idm_integration_reauth", lambda: actions.reauthorize_integration(company.integration, actor=company.actor, token="wrong")),
        ("idm_integration_activate", lambda: actions.activate_integration(company.integration, actor=company.actor)),
    ):  # fmt: skip
        company.target.token = "another"
        with pytest.raises(ActivationRefused):
            act()
        event = latest(event_type)
        assert (event.success, event.message_chain["response_code"]) == (False, "401")
        assert event.message_chain.keys() == CHAIN


@pytest.mark.parametrize("scene", [update, deactivate, remove])
def test_what_nobody_was_asked_for_has_no_response_code(staffed, scene):
    company = staffed()
    scene(company)
    event = Event.objects.filter(type__startswith="idm_integration_").order_by("created_at", "id").last()
    assert event is not None
    assert event.message_chain == {
        "response_code": "",
        "response_message": "Application successfully " + ("updated" if scene is update else "deactivated"),
        "message_details": "OK",
    }


def test_no_event_holds_a_secret(staffed):
    company = staffed(manage_groups=True)
    company.target.faults = [Fault(400, body=REFUSED, times=3)]
    for scene in (join, rename, rename_group, update, reauthorize, leave, deactivate):
        try:
            scene(company)
        except ActivationRefused:
            continue
        finally:
            company.work()
    events = list(Event.objects.values())
    assert len(events) > 10
    assert TOKEN not in json.dumps(events, default=str)
