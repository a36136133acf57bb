"""A change and the requests to applications that it caused bear one correlation id, whichever process sends them."""

import uuid

import pytest

from apps.directory import actions as directory
from apps.events.models import Event
from apps.lib.correlation import correlated, current_correlation_id
from apps.provisioning.models import Job
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db


def causes(event_type):
    return {event.target_name: event.correlation_id for event in Event.objects.filter(type=event_type)}


def test_what_a_worker_does_by_itself_belongs_to_nobodys_request(staffed):
    staffed()
    assert current_correlation_id() is None
    assert Event.objects.filter(type="user_create_provision").get().correlation_id is None


def test_a_change_and_the_request_it_caused_bear_one_id(staffed):
    company, request = staffed(), uuid.uuid4()
    with correlated(request):
        joins(company, "noah")
    company.work()
    types = set(Event.objects.filter(correlation_id=request).values_list("type", flat=True))
    assert types >= {"user_create", "association_change", "user_create_provision"}


def test_two_requests_that_are_served_together_keep_their_own(staffed):
    company, one, two = staffed(), uuid.uuid4(), uuid.uuid4()
    with correlated(one):
        joins(company, "noah")
    with correlated(two):
        joins(company, "olga")
    company.work()
    told = causes("user_create_provision")
    assert (told["Noah Example"], told["Olga Example"]) == (one, two)


def test_of_several_about_one_person_the_newest_counts(staffed):
    company, one, two = staffed(), uuid.uuid4(), uuid.uuid4()
    for request, title in ((one, "Engineer"), (two, "Lead")):
        with correlated(request):
            directory.update_user(company.mia, actor=company.actor, job_title=title)
    company.work()
    assert causes("user_update_provision") == {"Mia Example": two}


def test_a_failure_that_is_looked_at_again_still_belongs_to_its_request(staffed):
    company, request = staffed(), uuid.uuid4()
    with correlated(request):
        directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.relay()
    directory.update_user(company.mia, actor=company.actor, job_title="Head")  # by nobody's request
    company.relay()
    assert Job.objects.get(resource_id=company.mia.pk).correlation_id == request


def test_every_event_of_one_request_to_the_portal_has_its_id_and_no_other(alice):
    for name in ("Sales", "Support"):
        assert alice.post("/console/groups/new/", {"name": name}).status_code == 302

    with in_tenant(alice.tenant):
        sales, support = causes("group_create")["Sales"], causes("group_create")["Support"]
    assert sales
    assert support
    assert sales != support


@pytest.mark.parametrize(("method", "words"), [("password", {"password": PASSWORD})])
def test_a_sign_in_says_what_was_shown(bob, client, method, words):
    client.post(bob.url("/login/"), {"username": "bob", **words})
    client.post(bob.url("/login/"), {"username": "bob", "password": "wrong"})

    with in_tenant(bob.tenant):
        told = Event.objects.filter(type="user_login_attempt").values_list("success", "auth_method")
        assert sorted(told) == [(False, method), (True, method)]
