"""What an account is created with is on record when its job is claimed: before anything about it can be sent."""

import uuid
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.provisioning import jobs
from apps.provisioning.agenda import Agenda
from apps.provisioning.client import ScimClient
from apps.provisioning.models import Job, ResourceKind
from apps.provisioning.wire import Target
from tests.provisioning.conftest import joins

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(staffed):
    return staffed()


def new_agenda(company, token):
    integration = company.integration
    target = Target(integration.base_url, integration.token, integration.dialect)
    return Agenda(integration, token, lambda: ScimClient(target), lambda: None)


def test_what_an_account_is_created_with_is_on_record_with_the_claim(company):
    """Before anything can be sent; and whose account may be half made keeps what that one was about."""
    ada, ben = joins(company, "ada", "ben")
    company.relay()
    was_sent = {"userName": "benjamin"}
    Job.objects.filter(resource_id=ben.pk).update(read_back=True, expected=was_sent)
    integration, token = company.integration, uuid.uuid4()
    agenda = new_agenda(company, token)
    with CaptureQueriesContext(connection) as asked:
        claimed = jobs.claim(integration, 10, token, agenda.foresee)
    assert company.job(ada).expected["userName"] == "ada"
    assert company.job(ben).expected == was_sent
    writes = [
        sql
        for query in asked
        if "lease_token" in (sql := query["sql"]) and "expected" in sql and "SET" in sql
    ]
    assert sum("json" in sql for sql in writes) == 1  # with the lease itself
    with CaptureQueriesContext(connection) as asked:
        assert len(agenda.users(claimed)) == 2
    assert not [query for query in asked if "UPDATE" in query["sql"]]


def test_beside_groups_it_is_written_before_they_are_carried_out(company):
    """The control: nothing is foreseen where what comes before the people may change it, and still it is on record in time."""
    (ada,) = joins(company, "ada")
    company.relay()
    integration, token = company.integration, uuid.uuid4()
    agenda = new_agenda(company, token)
    claimed = jobs.claim(integration, 10, token)
    group = replace(claimed[0], kind=ResourceKind.GROUP)
    assert agenda.foresee([*claimed, group]) == {}
    assert company.job(ada).expected is None
    agenda.users(claimed)
    assert company.job(ada).expected["userName"] == "ada"
