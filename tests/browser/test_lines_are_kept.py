"""What belongs into one line stands in one: words that have room, and buttons beside the fields they are for."""

import pytest

from tests.browser.conftest import LIGHT, PHONE
from tests.browser.visitor import expect

# Words of names that go on in the next line although one line would hold them.
BROKEN = r"""() => [...document.querySelectorAll("tbody .cell > span:last-child")].flatMap((name) => {
    const text = name.firstChild;
    return [...text.data.matchAll(/\S+/g)].filter((word) => {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        const lines = [...range.getClientRects()];
        return lines.length > 1 && lines.reduce((sum, line) => sum + line.width, 0) <= name.clientWidth;
    }).map((word) => word[0]);
})"""
EDGES = """(parts) => parts.map((part) => {
    const box = part.getBoundingClientRect();
    return [Math.round(box.top), Math.round(box.bottom)];
})"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_names_in_the_arrangement_break_between_words_on_a_phone(visit, furnished, bob, language):
    visitor = visit(**PHONE, locale=language)
    visitor.be(bob)
    visitor.open("/t/acme/arrangement/")
    expect(visitor.page.get_by_text("Émigré relocation and travel reimbursements")).to_be_visible()
    assert visitor.page.evaluate(BROKEN) == []
    # Negative control: the page as it was, its columns as wide as their headings.
    visitor.page.evaluate(
        "document.querySelectorAll('td:first-child').forEach((cell) => { cell.style.maxWidth = '9rem'; cell.style.wordBreak = 'break-all'; })"
    )
    assert visitor.page.evaluate(BROKEN) != []


def test_more_filters_stand_beside_the_button(visit, furnished, alice):
    visitor = visit(**LIGHT)
    visitor.be(alice)
    visitor.open("/t/acme/console/events/")
    parts = visitor.page.locator(".filters .button, .filters + .disclosure")
    button, more = parts.evaluate_all(EDGES)
    assert button == more
