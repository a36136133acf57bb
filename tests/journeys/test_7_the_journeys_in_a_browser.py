"""The five journeys as a person does them, in Chromium: by clicks, the first one by keyboard alone. Only the identity provider of the fifth is a program."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests

from tests.browser.conftest import CHROMIUM, FLAGS, LIGHT, do_without, missing
from tests.browser.visitor import expect
from tests.getting_started import sign_in
from tests.installation import Demo
from tests.journeys.browser import eventually

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
MOST_TABS = 150  # to anything on a page


@pytest.fixture
def window(demo: Demo) -> Iterator[Any]:
    """Opens windows of their own cookies; all of them are closed at the end, with Playwright's loop."""
    if reason := missing():
        do_without(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def opened() -> Any:
            page = browser.new_context(**LIGHT).new_page()
            page.set_default_timeout(60_000)  # milliseconds; a slow moment of the machine is no failure
            return page

        yield opened
        browser.close()


def at_work(window: Any, demo: Demo, who: str, path: str) -> Any:
    page = window()
    page.goto(f"{demo.base}/login/")
    sign_in(page, demo.facts[who])
    page.goto(f"{demo.base}/{path}")
    return page


class Keys:
    """A person without a mouse: the Tab key until what they want has the focus, which they see, then a key."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def go_to(self, wanted: Any) -> None:
        wanted.wait_for()
        for _ in range(MOST_TABS):
            if wanted.evaluate("(one) => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"The Tab key does not reach {wanted}")

    def press(self, wanted: Any, key: str = "Enter") -> None:
        self.go_to(wanted)
        wanted.press(key)  # and not page.keyboard.press: this waits for the page to which it leads

    def type(self, label: str, text: str) -> None:
        self.go_to(self.page.get_by_label(label, exact=True))
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def link(self, name: str, *, inside: str = "body") -> None:
        self.press(self.page.locator(inside).get_by_role("link", name=name, exact=True).first)

    def button(self, name: str) -> None:
        self.press(self.page.get_by_role("button", name=name, exact=True))


def new_target(mira: Any, demo: Demo, label: str) -> str:
    """The other side's administrator makes a token, with a mouse. Returns it; it is shown once."""
    mira.goto(f"{demo.base}/sandbox/")
    mira.locator("[name=target-label]").fill(label)
    mira.locator("[name=target-kind]").select_option("gitlab_saas")
    mira.locator("form[action$='/targets'] button").click()
    return str(mira.locator("[data-copy^=sandbox_scim_]").get_attribute("data-copy"))


def test_1_by_keyboard_alone_from_the_catalogue_to_an_active_connection(window: Any, demo: Demo) -> None:
    name = f"keys-{uuid4().hex[:6]}"
    token = new_target(at_work(window, demo, "administrator", ""), demo, name)
    page = window()
    page.goto(f"{demo.base}/login/")
    expect(page.get_by_label("Username or company email")).to_be_focused()
    page.keyboard.type(demo.facts["administrator"]["username"])
    page.keyboard.press("Tab")
    page.keyboard.type(demo.facts["administrator"]["password"])
    page.keyboard.press("Enter")
    keys = Keys(page)
    keys.press(page.locator("details.menu > summary"))
    keys.link("Console")
    keys.link("Catalogue")
    keys.link("GitLab")
    keys.type("Display label", name)
    keys.type("Group path", name)
    keys.button("Save Application")
    keys.link("Configure application")
    keys.link("User groups", inside="main")
    keys.press(page.get_by_label("Design"), "Space")
    page.get_by_text("2 people").wait_for()
    keys.button("Save")
    page.get_by_text("1 bound").wait_for()
    keys.press(page.locator("main").get_by_role("link", name="Identity management").first)
    keys.button("Configure")
    keys.type("Base URL", f"{demo.base}/sandbox/scim/{name}")
    keys.type("Token Key", token)
    keys.button("Preview and activate")
    page.wait_for_url(lambda url: urlsplit(url).path.endswith("/plan/"))
    keys.button("Activate")
    page.get_by_text("Identity management active").first.wait_for()
    page.goto(f"{demo.base}/sandbox/targets/{name}/accounts/")
    eventually(lambda: page.reload() and page.get_by_text("aiko.tanaka@acme.example").count())


def test_a_mouse_is_told_from_the_tab_key(window: Any, demo: Demo) -> None:
    """Negative control: what the Tab key does not reach is found."""
    page = window()
    page.goto(f"{demo.base}/login/")
    page.evaluate("document.querySelector('button[type=submit]').tabIndex = -1")
    with pytest.raises(AssertionError, match="does not reach"):
        Keys(page).button("Sign in")


def test_2_a_tile_opens_the_application_signed_in(window: Any, demo: Demo) -> None:
    page = at_work(window, demo, "user", "")
    page.get_by_role("link", name="GitLab", exact=True).first.click()
    page.get_by_text("IdP-initiated").first.wait_for()
    expect(page.locator("main")).to_contain_text("ann.lee@acme.example")


@pytest.mark.parametrize("way", ["Sign in with Gatehouse", "Sign in by POST"])
def test_3_an_application_sends_a_stranger_who_comes_back_signed_in(
    window: Any, demo: Demo, way: str
) -> None:
    binding = "?binding=post" if "POST" in way else ""
    page = window()
    page.goto(f"{demo.base}/sandbox/sp/wiki/login{binding}")
    page.get_by_text("asks who you are").wait_for()
    sign_in(page, demo.facts["user"])
    page.get_by_text("SP-initiated").first.wait_for()
    expect(page.locator("main")).to_contain_text("ann.lee@acme.example")


def test_4_whoever_joins_a_group_has_an_account_and_whoever_leaves_has_none(window: Any, demo: Demo) -> None:
    accounts = at_work(window, demo, "administrator", "sandbox/targets/gitlab/accounts/")
    page = at_work(window, demo, "administrator", "console/groups/")
    page.get_by_role("link", name="Engineering").click()
    page.get_by_role("navigation", name="Engineering").get_by_role("link", name="Users").click()
    page.get_by_label("Find people who are not in it").fill("sam")
    page.get_by_label("Find people who are not in it").press("Enter")
    page.get_by_label("Sam Okafor").check()
    page.get_by_role("button", name="Add ticked people").click()
    page.get_by_text("1 person was added.").wait_for()
    row = accounts.locator("tr", has_text="sam.okafor@acme.example")
    eventually(lambda: accounts.reload() and "Active" in "".join(row.all_inner_texts()))
    page.get_by_label("Sam Okafor").check()
    page.get_by_role("button", name="Remove ticked people").click()
    page.get_by_text("1 person was removed.").wait_for()
    eventually(lambda: accounts.reload() and "Active" not in "".join(row.all_inner_texts()))


def test_5_a_person_whom_a_provider_pushes_gets_the_application_by_a_group(window: Any, demo: Demo) -> None:
    name = f"pushed{uuid4().hex[:6]}"
    person = {"schemas": [USER], "userName": name, "externalId": name, "name": {"givenName": name, "familyName": "Push"}}  # fmt: skip
    person |= {"emails": [{"type": "work", "primary": True, "value": f"{name}@acme.example"}], "active": True}
    headers = {
        "Authorization": f"Bearer {demo.facts['scim']['token']}",
        "Content-Type": "application/scim+json",
    }
    made = requests.post(f"{demo.facts['scim']['base_url']}Users", json=person, headers=headers, timeout=30)
    assert made.status_code == 201, made.text
    accounts = at_work(window, demo, "administrator", "sandbox/targets/gitlab/accounts/")
    page = at_work(window, demo, "administrator", f"console/users/{made.json()['id']}/groups/")
    page.locator("main select").first.select_option(label="Engineering")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("Added to Engineering.").wait_for()
    eventually(lambda: accounts.reload() and accounts.get_by_text(f"{name}@acme.example").count())
