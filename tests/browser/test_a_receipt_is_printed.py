"""On paper a receipt is itself alone, upright or across: no menu, no search, no buttons, and nothing runs over the edge."""

import pytest

HIDDEN = (".side", ".topbar", ".head__acts")


@pytest.fixture
def page(visit, alice, furnished):
    window = visit()
    window.be(alice)
    window.open(f"/t/acme/console/receipts/{furnished['receipt']}/")
    return window.page


def shown(page):
    return [each for each in HIDDEN if page.locator(each).first.is_visible()]


@pytest.mark.parametrize("width", [1123, 794])  # A4 at 96 pixels an inch
def test_the_receipt_alone_is_on_the_paper(page, width):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": width, "height": 900})
    assert shown(page) == []
    assert page.locator("#receipt").is_visible()
    assert page.locator("h1").bounding_box()["x"] < 100  # no column is left for the menu
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_the_screen_they_are_there(page):
    """The negative control."""
    assert shown(page) == list(HIDDEN)
