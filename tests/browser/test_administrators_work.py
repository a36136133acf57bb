"""An administrator's acts where scripts run: what is pressed is what is saved."""

import pytest

from apps.applications.actions import update_application
from apps.applications.models import Application
from apps.tenants.context import in_tenant
from tests.browser.conftest import PHONE
from tests.browser.test_pages_are_accessible_and_quiet import overflow
from tests.browser.visitor import expect

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
    page.get_by_text("1 person loses it").wait_for()
    field = page.get_by_label("Find a group")
    field.fill("eng")
    field.press("Enter")  # another page would be waited for here
    expect(field).to_have_value("eng")
    assert bound(tenant, furnished) == 1


@pytest.mark.parametrize("tab", ["", "sso/", "identity-management/", "groups/", "events/"])
def test_a_name_of_120_characters_stays_inside_page_and_cards(console, furnished, tenant, system, tab):
    with in_tenant(tenant):
        application = Application.objects.get(pk=furnished["gitlab"])
        update_application(application, actor=system, display_label="Über מערכת 🚀 " + "x" * 104)
    console.open(f"/t/acme/console/applications/{furnished['gitlab']}/{tab}")
    assert overflow(console) <= 0
    assert console.page.evaluate(OUTSIDE) == []
    console.look_through(**PHONE)
    assert overflow(console) <= 0
    assert console.page.evaluate(OUTSIDE) == []


# What stands further right than its card does; a wide table scrolls in itself.
OUTSIDE = """() => [...document.querySelectorAll("main .card :not(.table-scroll *)")]
    .filter((one) => one.getBoundingClientRect().right > one.closest(".card").getBoundingClientRect().right + 1)
    .map((one) => one.outerHTML.slice(0, 120))"""


def test_the_results_on_the_overview_are_seen_without_scrolling(console, furnished):
    console.page.set_viewport_size({"width": 1280, "height": 900})
    console.open("/t/acme/console/")
    table = "document.querySelector('.table-scroll')"
    assert console.page.evaluate(f"{table}.scrollWidth - {table}.clientWidth") <= 0
