"""The launcher where scripts run: stars, own order by keys, a tile that is ready by itself, an announcement that is closed."""

import re

import pytest

from apps.applications.models import Application
from apps.provisioning.models import Integration, RemoteUser
from apps.tenants.context import in_tenant
from tests.browser.visitor import expect


@pytest.fixture
def launcher(visit, furnished, bob):
    visitor = visit()
    visitor.be(bob)
    visitor.open("/t/acme/")
    return visitor


def tiles(page):
    return page.locator("#tiles .tile:visible strong")


def test_a_star_puts_a_tile_on_top_and_takes_it_back(launcher):
    page = launcher.page
    expect(page.get_by_role("heading", name="Favourites")).to_have_count(0)
    page.get_by_role("button", name="Favourite: GitLab").click()
    page.get_by_role("heading", name="Favourites").wait_for()
    expect(tiles(page).first).to_have_text("GitLab")
    star = page.get_by_role("button", name="Favourite: GitLab")
    expect(star).to_have_attribute("aria-pressed", "true")
    star.click()
    page.get_by_role("heading", name="All applications").wait_for()
    assert launcher.complaints == []


def test_keys_alone_move_a_tile(launcher):
    page = launcher.page
    before = tiles(page).all_inner_texts()
    page.get_by_role("link", name="Arrange").press("Enter")
    launcher.arrives("/t/acme/arrangement/")
    page.get_by_role("button", name=f"Move {before[-1]} up").press("Enter")
    expect(page).to_have_url(re.compile(f"^{launcher.base_url}/t/acme/arrangement/#."))
    page.get_by_role("link", name="Done").press("Enter")
    launcher.arrives("/t/acme/")
    expect(tiles(page)).to_have_text([*before[:-2], before[-1], before[-2]])
    assert launcher.complaints == []


def _dragged(page, row, onto, *, dropped=True):
    """By the handle of one row to the middle of another, in steps as a hand does it."""
    handle = page.locator("[data-handle]").nth(row).bounding_box()
    there = page.locator("[data-handle]").nth(onto).bounding_box()
    x = handle["x"] + handle["width"] / 2
    page.mouse.move(x, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, there["y"] + (4 if onto < row else there["height"] - 4), steps=8)
    if dropped:
        page.mouse.up()


def arranged(page):
    return page.locator("tbody .cell > span:last-child")


def test_a_tile_is_dragged_to_its_place_and_stays_there(launcher):
    page = launcher.page
    launcher.open("/t/acme/arrangement/")
    before = arranged(page).all_inner_texts()
    wanted = [before[-1], *before[:-1]]
    with page.expect_response(lambda answer: answer.request.method == "GET"):
        _dragged(page, len(before) - 1, 0)
    page.get_by_role("button", name=f"Move {before[-1]} down").wait_for()
    expect(arranged(page)).to_have_text(wanted)
    launcher.open("/t/acme/")
    expect(tiles(page)).to_have_text(wanted)
    # Rows are replaced, and the page is left, while pictures may still be on their way.
    assert [text for text in launcher.complaints if not text.startswith("failed: ")] == []


def test_escape_puts_a_dragged_tile_back(launcher):
    page = launcher.page
    launcher.open("/t/acme/arrangement/")
    before = arranged(page).all_inner_texts()
    _dragged(page, 0, 2, dropped=False)
    expect(arranged(page)).to_have_text([*before[1:3], before[0], *before[3:]])
    page.keyboard.press("Escape")
    expect(arranged(page)).to_have_text(before)
    page.mouse.up()
    launcher.open("/t/acme/arrangement/")
    expect(arranged(page)).to_have_text(before)


def test_without_scripts_there_is_nothing_to_drag(visit, furnished, bob):
    visitor = visit(java_script_enabled=False)
    visitor.be(bob)
    visitor.open("/t/acme/arrangement/")
    expect(visitor.page.locator("[data-handle]").first).to_be_hidden()
    expect(visitor.page.get_by_role("button", name="Move ").first).to_be_visible()


def _is_there(furnished, bob):
    """The account at the one application that was to be made."""
    integration = Integration.objects.get(application=furnished["expenses"])
    RemoteUser(integration=integration, user=bob.user, name="Bob", remote_id="9", active=True).save()


@pytest.mark.parametrize("searching", [False, True])
def test_what_is_being_set_up_becomes_a_tile_by_itself(launcher, furnished, bob, searching):
    page = launcher.page
    page.get_by_text("Being set up for you").first.wait_for()
    shown = tiles(page).all_inner_texts()
    if searching:
        page.get_by_label("Search applications").fill("expenses")
        shown = ["Expenses"]
    with in_tenant(bob.tenant):
        _is_there(furnished, bob)
    page.get_by_text("Being set up for you").wait_for(state="detached")
    expect(tiles(page)).to_have_text(shown)  # what was hidden stays so
    with in_tenant(bob.tenant):
        assert str(Application.objects.get(display_label="Expenses").pk) == furnished["expenses"]
    assert launcher.complaints == []
    assert launcher.refusals() == []


def test_an_announcement_is_closed_for_good(launcher):
    page = launcher.page
    words = page.get_by_text("On Friday the office is shut.")
    expect(words).to_be_visible()
    page.get_by_role("region", name="Announcement").get_by_role("button", name="Close").click()
    words.wait_for(state="detached")
    launcher.open("/t/acme/")
    expect(words).to_have_count(0)


def test_ticked_people_are_counted(visit, furnished, alice):
    visitor = visit()
    visitor.be(alice)
    visitor.open("/t/acme/console/users/")
    page = visitor.page
    told, everybody = page.locator("[data-ticked]"), page.locator("input[name=user]")
    expect(told).to_be_hidden()
    number = everybody.count()
    page.get_by_label("Choose all on this page").check()
    expect(told).to_have_text(f"Ticked: {number}")
    everybody.first.uncheck()
    expect(told).to_have_text(f"Ticked: {number - 1}")
    page.get_by_label("Act").select_option("deactivate")
    page.get_by_role("button", name="Review…").click()
    expect(page).to_have_url(re.compile(f"^{visitor.base_url}/t/acme/console/users/runs/[^/?]+/$"))
    assert visitor.complaints == []
