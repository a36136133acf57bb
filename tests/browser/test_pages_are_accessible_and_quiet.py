"""Every page in both themes and at phone width: nothing for axe-core, nothing refused by the policy, nothing on the console."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser.conftest import DARK, LIGHT, PHONE

WINDOWS = {"light": LIGHT, "dark": DARK, "phone": PHONE}


@dataclass(frozen=True)
class Row:
    """`who` is a fixture of tests/conftest.py whose Person signs in first; without one the page is opened by a stranger."""

    name: str
    path: str
    who: str = ""
    status: int = 200


# A new page is a new row here.
PAGES = (
    Row("organisation", "/"),
    Row("sign-in", "/t/acme/login/"),
    Row("sign-out", "/t/acme/logout/", "bob"),
    Row("launcher", "/t/acme/", "bob"),
    Row("launcher of nobody's groups", "/t/acme/", "alice"),
    Row("launcher search without a match", "/t/acme/?q=nothing+like+it", "bob"),
    Row("profile", "/t/acme/me/", "bob"),
    Row("password", "/t/acme/me/password/", "bob"),
    Row("activity", "/t/acme/me/activity", "bob"),
    Row("not found", "/t/acme/nothing", "bob", status=404),
)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
def test_a_page_opens_without_a_complaint(row, window, visit, furnished, request):
    visitor = visit(**WINDOWS[window])
    if row.who:
        visitor.be(request.getfixturevalue(row.who))
    response = visitor.open(row.path)
    assert response.status == row.status
    assert visitor.page.get_by_role("heading", level=1).count() == 1
    assert overflow(visitor) <= 0
    assert visitor.refusals() == []
    assert visitor.violations() == []
    expected = [] if row.status < 400 else [text for text in visitor.complaints if str(row.status) in text]
    assert visitor.complaints == expected


def overflow(visitor: Any) -> int:
    """CSS pixels by which the page is wider than the window."""
    width: int = visitor.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def test_the_checks_notice_what_they_are_for(visit, tenant):
    """The negative control: the same questions, asked of a page that we spoil."""
    visitor = visit()
    visitor.open("/t/acme/login/")
    visitor.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            document.body.append(document.createElement("img"));
            const wide = document.createElement("div");
            wide.append("W".repeat(2000));
            document.body.append(wide);
            console.error("something is wrong");
        }"""
    )
    visitor.page.wait_for_function("window.refusals.length > 0")
    assert visitor.page.evaluate("window.ran") is None
    assert any(text.startswith("script-src") for text in visitor.refusals())
    assert any(text.startswith("image-alt") for text in visitor.violations())
    assert overflow(visitor) > 0
    assert any("something is wrong" in text for text in visitor.complaints)
