"""An administrator's acts where scripts run: what is pressed is what is saved."""

import pytest

from apps.applications.models import Application
from apps.tenants.context import in_tenant

GROUPS = "/t/acme/console/applications/{expenses}/groups/"


@pytest.fixture
def console(visit, furnished, alice):
    visitor = visit()
    visitor.be(alice)
    return visitor


def bound(tenant, furnished):
    with in_tenant(tenant):
        return Application.objects.get(pk=furnished["expenses"]).assignments.count()


def test_unticking_a_group_says_what_it_means_and_save_saves_it(console, furnished, tenant):
    page = console.page
    console.open(GROUPS.format(**furnished))
    page.get_by_label("Engineering").uncheck()
    page.get_by_text("1 person loses it").wait_for()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("User groups were saved.").wait_for()
    assert bound(tenant, furnished) == 0


def test_enter_in_the_filter_of_the_groups_saves_nothing(console, furnished, tenant):
    page = console.page
    console.open(GROUPS.format(**furnished))
    page.get_by_label("Engineering").uncheck()
    page.get_by_label("Find a group").fill("eng")
    page.keyboard.press("Enter")
    page.get_by_text("1 person loses it").wait_for()
    assert page.get_by_label("Find a group").input_value() == "eng"
    assert bound(tenant, furnished) == 1
