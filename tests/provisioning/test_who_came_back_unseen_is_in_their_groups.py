"""The answer to somebody's reactivation is lost: reading back shows the account active, and their groups there have them again."""

from typing import Any

import pytest

from apps.directory import actions as directory
from tests.fakes.scim_target import Fault
from tests.provisioning.conftest import later

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("lost", [{"reset": True}, {"status": 500}], ids=["reset", "500"])
def test_who_came_back_unseen_is_in_their_groups(staffed: Any, settings: Any, lost: dict[str, Any]) -> None:
    settings.SETTLE_SECONDS = 60
    company = staffed(manage_groups=True)
    directory.deactivate_user(company.mia, actor=company.actor)
    company.work()
    (group,) = company.target.groups.values()
    assert group["members"] == []  # or the last assertion would prove nothing
    company.target.faults = [Fault(**lost, applied=True, method="PATCH")]
    directory.reactivate_user(company.mia, actor=company.actor)
    company.work()
    assert company.job(company.mia).read_back
    with later(seconds=61):
        company.work()
    assert company.target.active_names() == {"mia"}
    assert [row["value"] for row in group["members"]] == [company.remote(company.mia).remote_id]
