import pytest

from apps.directory import actions as directory

pytestmark = pytest.mark.django_db


def test_leaving_the_last_bound_group_deactivates(staffed):
    company = staffed()
    assert company.target.active_names() == {"mia"}
    directory.remove_member(company.engineering, company.mia, actor=company.actor)
    company.work()
    assert company.target.active_names() == set()
    assert company.target.wrote() == [("PATCH", f"/scim/v2/Users/{company.target.named('mia')['id']}")]
