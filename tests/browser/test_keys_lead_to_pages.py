"""Shortcuts of one key and of two: they lead where the side menu does, leave fields alone, and one switch turns all off."""

import pytest

from tests.browser.visitor import expect

CONSOLE = "/t/acme/console/"
PLACES = {"u": "users/", "g": "groups/", "a": "applications/", "e": "events/"}


@pytest.fixture
def console(visit, furnished, alice):
    visitor = visit()
    visitor.be(alice)
    visitor.open(CONSOLE)
    return visitor


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def leads_to(visitor, letter, place):
    """Pressed again where nothing came: on a busy machine more time may pass between two keys than may."""
    from playwright.sync_api import TimeoutError as NothingCame

    for _ in range(5):
        press(visitor.page, "g", letter)
        try:
            visitor.arrives(f"{CONSOLE}{place}", timeout=4000)
        except NothingCame:
            continue
        return True
    return False


def goes_nowhere(page, *keys):
    """Another page would have come by then, or the list be open."""
    before = page.url
    press(page, *keys)
    page.wait_for_timeout(500)
    return page.url == before and not page.locator("dialog[open]").count()


def rows(page):
    """What the list says, line by line: keys → what they do."""
    page.locator("dialog[open]").wait_for()
    lines = page.locator("dialog[open] dl > div")
    return {line.locator("dt").inner_text(): line.locator("dd").inner_text() for line in lines.all()}


@pytest.mark.parametrize(("letter", "place"), PLACES.items())
def test_g_and_a_letter_lead_where_the_side_menu_does(console, letter, place):
    assert leads_to(console, letter, place)
    assert console.complaints == []


def test_a_slash_goes_to_the_search_field(console):
    page = console.page
    assert page.locator("[data-search]").get_attribute("aria-keyshortcuts") == "/"
    press(page, "/", "x")
    expect(page.locator("[data-search]:focus")).to_have_value("x")


def test_a_question_mark_lists_them_and_escape_gives_the_focus_back(console):
    page = console.page
    page.get_by_role("link", name="All events").focus()
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert rows(page) == {
        "/": "Search",
        "g u": "Users",
        "g g": "User groups",
        "g a": "SSO applications",
        "g e": "Events",
        "?": "This list",
        "Esc": "Close what is open",
    }
    assert console.violations() == []
    press(page, "g", "u")  # what is behind a dialog does not move
    assert page.locator("dialog[open]").count() == 1
    press(page, "Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_role("link", name="All events")).to_be_focused()
    assert (console.complaints, console.refusals()) == ([], [])


def test_the_list_opens_from_the_account_menu_too(console):
    page = console.page
    page.locator(".topbar summary").click()
    page.get_by_role("button", name="Keyboard shortcuts", exact=True).click()
    assert "g u" in rows(page)
    press(page, "Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    # The menu has closed: the focus is where one opens it again.
    expect(page.locator(".topbar .menu > summary")).to_be_focused()


def test_somebody_is_led_only_where_their_menu_leads(visit, furnished, dora):
    visitor = visit()
    visitor.be(dora)
    visitor.open("/t/acme/console/users/")
    assert goes_nowhere(visitor.page, "g", "a")
    press(visitor.page, "?")
    assert list(rows(visitor.page)) == ["/", "g u", "g e", "?", "Esc"]
    press(visitor.page, "Escape")
    assert leads_to(visitor, "e", PLACES["e"])


def test_the_launcher_has_no_side_menu(visit, furnished, bob):
    visitor = visit()
    visitor.be(bob)
    visitor.open("/t/acme/")
    assert goes_nowhere(visitor.page, "g", "u")
    press(visitor.page, "?")
    assert list(rows(visitor.page)) == ["/", "?", "Esc"]


def test_what_is_typed_into_a_field_is_text(console):
    page = console.page
    page.locator("[data-search]").focus()
    assert goes_nowhere(page, "g", "u", "?", "/")
    expect(page.locator("[data-search]")).to_have_value("gu?/")
    page.locator("[data-search]").blur()
    assert leads_to(console, "u", PLACES["u"])  # the same keys, outside of the field


@pytest.mark.parametrize(
    "keys",
    [("Control+g", "u"), ("Alt+g", "u"), ("Shift+G", "u"), ("g", "Control+u"), ("g", "x", "u"), ("u",)],
)
def test_no_other_keys_do_anything(console, keys):
    assert goes_nowhere(console.page, *keys)


def test_the_second_key_comes_soon_or_means_nothing(console):
    press(console.page, "g")
    console.page.wait_for_timeout(1600)
    assert goes_nowhere(console.page, "u")


def test_one_switch_turns_all_of_them_off_and_on_again(console):
    page = console.page
    hint = page.locator(".search kbd")
    expect(hint).to_be_visible()
    page.locator(".topbar summary").click()
    page.get_by_role("button", name="Turn keyboard shortcuts off").click()
    expect(page.get_by_role("button", name="Turn keyboard shortcuts on")).to_be_visible()
    expect(page.get_by_role("button", name="Keyboard shortcuts", exact=True)).to_have_count(0)
    press(page, "Escape")
    for keys in (("g", "u"), ("?",), ("/",)):
        assert goes_nowhere(page, *keys)
    assert page.locator("[data-search]:focus").count() == 0
    expect(hint).to_be_hidden()
    expect(page.locator("[aria-keyshortcuts]")).to_have_count(0)

    console.open("/t/acme/me/")
    switch = page.get_by_role("checkbox", name="Keyboard shortcuts")
    expect(switch).not_to_be_checked()
    switch.check()
    console.open(CONSOLE)
    assert leads_to(console, "u", PLACES["u"])


def test_without_scripts_nothing_tells_of_keys(visit, furnished, alice):
    visitor = visit(java_script_enabled=False)
    visitor.be(alice)
    for path in (CONSOLE, "/t/acme/", "/t/acme/me/"):
        visitor.open(path)
        visitor.page.locator(".topbar summary").click()
        shown = visitor.page.locator("kbd, dialog, [data-shortcuts], [data-shortcut-open]")
        assert [part for part in shown.all() if part.is_visible()] == []
