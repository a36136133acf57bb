"""What only a real browser can say: keys, focus, scripts on and off, redirects under the policy."""

import re

import pytest

from tests.browser.conftest import PHONE
from tests.browser.visitor import expect

SEARCH = "Search applications"


def seen_tiles(page):
    return page.locator(".tile:visible strong")


def test_the_keyboard_alone_signs_in_and_opens_an_application(visit, furnished, bob):
    visitor = visit()
    visitor.open("/t/acme/")
    page = visitor.page
    expect(page.get_by_label("Username or company email")).to_be_focused()
    page.keyboard.type("bob")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    visitor.arrives("/t/acme/")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Bob$"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("reloc")
    expect(seen_tiles(page)).to_have_text(["Émigré relocation and travel reimbursements"])
    page.keyboard.press("Escape")
    expect(seen_tiles(page)).to_have_count(4)


def test_a_refused_password_keeps_the_name_and_puts_the_focus_on_the_password(visit, tenant, bob):
    visitor = visit()
    visitor.open("/t/acme/login/")
    visitor.sign_in(bob, "wrong")
    visitor.page.get_by_role("alert").wait_for()
    expect(visitor.page.get_by_label("Username or company email")).to_have_value("bob")
    password = visitor.page.get_by_label("Password")
    expect(password).to_have_value("")
    expect(password).to_be_focused()


def test_the_search_hides_what_does_not_match_while_one_types(visit, furnished, bob):
    visitor = visit()
    visitor.be(bob)
    visitor.open("/t/acme/")
    page = visitor.page
    page.get_by_label(SEARCH).fill("emigre TRAVEL")
    expect(seen_tiles(page)).to_have_text(["Émigré relocation and travel reimbursements"])
    page.get_by_label(SEARCH).fill("no such thing")
    expect(seen_tiles(page)).to_have_count(0)
    expect(page.get_by_text("No application of yours matches.")).to_be_visible()


def test_scripts_and_the_server_find_the_same(visit, furnished, bob):
    """A found page that is opened again and cleared shows everything: nothing was left out, only hidden."""
    visitor = visit()
    visitor.be(bob)
    visitor.open("/t/acme/?q=canteen")
    expect(seen_tiles(visitor.page)).to_have_text(["Canteen menu"])
    visitor.page.get_by_label(SEARCH).fill("")
    expect(seen_tiles(visitor.page)).to_have_count(4)


def test_everything_works_without_scripts(visit, furnished, bob):
    visitor = visit(java_script_enabled=False)
    visitor.open("/t/acme/")
    visitor.sign_in(bob)
    page = visitor.page
    page.get_by_label(SEARCH).fill("emigre")
    page.get_by_label(SEARCH).press("Enter")
    visitor.arrives("/t/acme/?q=emigre")
    expect(seen_tiles(page)).to_have_text(["Émigré relocation and travel reimbursements"])
    page.locator("summary").click()
    page.get_by_role("button", name="Sign out").click()
    visitor.arrives("/t/acme/login/")
    expect(page.get_by_text("You are signed out here.")).to_be_visible()


def test_the_menu_leads_everywhere_on_a_phone(visit, furnished, bob):
    visitor = visit(**PHONE)
    visitor.be(bob)
    visitor.open("/t/acme/")
    page = visitor.page
    for name, path in {
        "Profile": "",
        "Groups": "groups/",
        "Security": "security/",
        "Activity": "activity",
    }.items():
        page.locator("summary").tap()
        page.get_by_role("link", name=name).tap()
        visitor.arrives(f"/t/acme/me/{path}")


@pytest.fixture
def elsewhere(httpserver, bob, system, furnished):
    """The address of another site, and a bookmark of bob's that leads there: /t/acme/launch/elsewhere."""
    from apps.applications.actions import add_application, assign_group
    from apps.tenants.context import in_tenant

    httpserver.expect_request("/there").respond_with_data(
        "<!doctype html><title>There</title><h1>There</h1>", content_type="text/html"
    )
    address = httpserver.url_for("/there")
    with in_tenant(bob.tenant):
        bookmark = add_application(
            actor=system, connector="bookmark", display_label="Elsewhere", bookmark_url=address
        )
        assign_group(bookmark, bob.user.user_groups.get(), actor=system)
    return address


def test_a_bookmark_opens_beside_the_launcher(visit, elsewhere, bob):
    visitor = visit()
    visitor.be(bob)
    visitor.open("/t/acme/")
    with visitor.page.context.expect_page() as opened:
        visitor.page.get_by_role("link", name="Elsewhere").click()
    opened.value.wait_for_url(elsewhere)
    assert opened.value.evaluate("window.opener") is None
    assert visitor.page.url == f"{visitor.base_url}/t/acme/"


def test_a_stranger_who_opens_a_bookmark_signs_in_and_gets_there(visit, elsewhere, bob):
    """The policy's form-action also judges where a form's answer redirects to."""
    visitor = visit()
    visitor.open("/t/acme/launch/elsewhere")
    visitor.sign_in(bob)
    visitor.arrives(elsewhere)
    expect(visitor.page.get_by_role("heading", name="There")).to_be_visible()
