"""ServiceProviderConfig: read at the activation, heeded, and not needed."""

import pytest

from apps.directory import actions as directory
from apps.provisioning import actions, capabilities
from apps.provisioning.errors import ActivationRefused
from tests.fakes.scim_target import TOKEN, Fault, scim_error

pytestmark = pytest.mark.django_db

YES, NO = {"supported": True}, {"supported": False}


def test_what_it_tells_is_kept_and_what_it_does_not_is_not_made_up(company):
    company.target.config = {
        "patch": YES,
        "bulk": NO,
        "filter": {"supported": "True", "maxResults": 5},
        "etag": "yes",
    }
    assert company.activate().capabilities == {"patch": True, "bulk": False, "filter": True}


@pytest.mark.parametrize("config", [None, {}, {"patch": None}, {"patch": {"supported": 7}}])
def test_without_one_it_is_found_out_by_trying(company, config):
    """405 or 501 for PATCH: then PUT, and from then on."""
    company.target.config = config
    company.application_of()
    mia = company.person("mia")
    company.group("Engineering", mia)
    assert company.activate().capabilities == {}
    company.work()
    company.target.without = {"PATCH"}
    directory.update_user(mia, actor=company.actor, job_title="Lead")
    company.work()
    assert company.target.named("mia")["title"] == "Lead"
    assert company.integration.updates_by_put


def test_what_was_found_out_by_trying_is_tried_again_after_the_next_activation(staffed):
    company = staffed()
    company.target.without = {"PATCH"}
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    assert company.integration.updates_by_put
    company.target.without = set()
    actions.deactivate_integration(company.integration, actor=company.actor)
    actions.activate_integration(company.integration, actor=company.actor)
    directory.update_user(company.mia, actor=company.actor, job_title="Head")
    company.work()
    assert company.target.wrote()[-1][0] == "PATCH"
    assert company.target.named("mia")["title"] == "Head"


def test_an_application_without_patch_is_never_sent_one(staffed, company):
    company.target.config = {"patch": NO}
    company = staffed()
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    company.work()
    assert company.target.named("mia")["title"] == "Lead"
    assert {asked.method for asked in company.target.journal} == {"GET", "PUT"}


def test_an_application_without_filters_is_listed_and_nobody_is_made_twice(company):
    company.target.config, company.target.refuses_filters = {"filter": NO}, True
    there = company.target.add_user("mia", "mia@example.com")
    company.application_of()
    company.group("Engineering", company.person("mia"), company.person("noah"))
    company.activate()
    company.work()
    assert len(company.target.users) == 2
    assert company.target.named("mia")["id"] == there["id"]
    assert [asked.path for asked in company.target.journal if "filter=" in asked.path] == [
        company.target.journal[0].path
    ], "but the first, before it was asked what it can do"


def test_whoever_refuses_filters_without_saying_so_is_not_activated(company):
    """Negative control: nothing says that the refusal is about filters alone."""
    company.target.refuses_filters = True
    with pytest.raises(ActivationRefused):
        company.activate()


def test_another_address_may_be_another_version(staffed, company):
    company.target.config = {"patch": NO, "filter": NO}
    company = staffed()
    assert company.integration.updates_by_put
    integration = actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url + "/v3", token=TOKEN
    )
    assert integration.capabilities == {}
    assert not integration.updates_by_put
    assert integration.dialect.filters


def test_connectors_that_publish_none_are_not_asked(company):
    company.application_of("gitlab_saas", group_path="acme")
    company.activate()
    assert not [asked for asked in company.target.journal if "ServiceProviderConfig" in asked.path]


def test_a_failing_config_does_not_stop_an_activation(company):
    company.application_of()
    integration = actions.configure_integration(
        company.application, actor=company.actor, base_url=company.target.base_url, token=TOKEN
    )
    company.target.faults = [
        Fault(200, {}, b'{"totalResults": 0}', times=1),
        Fault(500, {}, scim_error(500, "no")),
    ]
    assert actions.activate_integration(integration, actor=company.actor).is_active
    assert company.integration.capabilities == {}


def test_flat_and_odd_spellings_are_read():
    assert capabilities.read({"Patch": {"Supported": "false"}, "filter.supported": True}) == {
        "patch": False,
        "filter": True,
    }
