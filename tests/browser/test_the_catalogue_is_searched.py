"""The catalogue's search: what does not match goes while one types, and without scripts once it is sent."""

import pytest

from tests.browser.visitor import expect

CATALOG = "/t/acme/console/catalog/"
FIELD = "Type the name of the application"


def shown(page):
    return page.locator(".tile:visible strong")


@pytest.fixture
def catalogue(visit, furnished, alice):
    def opened(**options):
        visitor = visit(**options)
        visitor.be(alice)
        visitor.open(CATALOG)
        return visitor

    return opened


def test_what_does_not_match_goes_while_one_types_and_enter_opens_the_first_that_does(catalogue):
    visitor = catalogue()
    page = visitor.page
    assert {"GitLab", "Pulumi", "Bookmark"} <= set(shown(page).all_inner_texts())
    page.get_by_label(FIELD).fill("pulu")
    expect(shown(page)).to_have_text(["Pulumi"])
    page.get_by_label(FIELD).press("Enter")
    visitor.arrives(f"{CATALOG}pulumi/")
    assert visitor.complaints == []


def test_what_is_not_there_leads_to_custom_saml(catalogue):
    visitor = catalogue()
    heading = visitor.page.get_by_role("heading", name="Not in the catalogue")
    expect(heading).to_be_hidden()
    visitor.page.get_by_label(FIELD).fill("nothing like it")
    expect(shown(visitor.page)).to_have_count(0)
    expect(heading).to_be_visible()
    assert visitor.violations() == []
    visitor.page.get_by_role("link", name="Custom SAML").click()
    visitor.arrives(f"{CATALOG}custom_saml/")


def test_without_scripts_the_search_is_sent(catalogue):
    visitor = catalogue(java_script_enabled=False)
    page = visitor.page
    page.get_by_label(FIELD).fill("pulu")
    assert shown(page).count() > 1
    page.get_by_label(FIELD).press("Enter")
    visitor.arrives(f"{CATALOG}?q=pulu")
    expect(shown(page)).to_have_text(["Pulumi"])
