"""With many people a worker makes the plan; the API says where it will be, and does exactly what was looked at."""

import pytest

from apps.provisioning.models import PreparedPlan
from apps.provisioning.plans import actions as plans
from apps.provisioning.plans import tasks as plan_tasks
from apps.provisioning.plans import work as plan_work
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.api.test_identity_management import _silent_bell, configured, path, target, work
from tests.fakes.scim_target import ScimTarget

__all__ = ["_silent_bell", "path", "target"]  # fixtures


def test_a_plan_of_many_is_made_by_a_worker(
    api: Script, path: str, target: ScimTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "AT_ONCE", 0)
    monkeypatch.setattr(plan_tasks, "ring", lambda *ids: None)
    configured(api, path, target)
    answer = api("GET", f"{path}identity-management/plan/")
    assert (answer.status_code, answer.json()["plan"], answer.json()["total"]) == (202, None, None)
    address = answer["Location"].partition("/api/v1")[2]
    assert address.endswith(f"/plans/{answer.json()['id']}/")
    make_plans(api)
    ready = api.get(address)
    assert (ready["compared"], ready["total"], ready["plan"]["users"]) == (1, 1, {"create": 1})
    assert (ready["plan"]["rows"][0]["name"], ready["plan"]["more"]) == ("Mia Stone", 0)
    activation = api("POST", f"{path}identity-management/activation/", {"plan": ready["plan"]["digest"]})
    assert (activation.status_code, activation.json()["state"]) == (202, "configured")
    syncs = f"{path}identity-management/synchronizations/"
    assert api.get(syncs)["results"][0]["state"] == "planning"
    make_plans(api)
    assert api.get(f"{path}identity-management/")["state"] == "active"
    work(api)
    refused = api("POST", syncs, {"plan": "another"})
    assert (refused.status_code, refused.json()["state"]) == (202, "planning")
    make_plans(api)
    found = api.get(f"{syncs}{refused.json()['id']}/")
    assert (found["state"], "new plan" in found["problem"]) == ("refused", True)


def make_plans(api: Script) -> None:
    with in_tenant(api.tenant):
        for plan in PreparedPlan.objects.filter(ready_at=None):
            assert not plan_work.work(plan.pk)
