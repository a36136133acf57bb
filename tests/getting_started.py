"""
docs/getting-started.md, done by hand in a browser. `bin/pictures` photographs each step, tests/journeys/test_6_the_first_five_minutes.py sees that
it works and that the document shows each.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Page

Step = Callable[[str, Page], None]


def first_steps(
    open_window: Callable[[], Page], base: str, facts: dict[str, Any], step: Step, *, what: str = "robots"
) -> Page:
    """`open_window` opens one without cookies; `base` is the organisation's address; `step` hears of each step when it is on the screen; `what` is in the names of what is made."""
    mira = open_window()
    mira.goto(f"{base}/login/")
    sign_in(mira, facts["administrator"], step)
    _add_application(mira, base, step, what)
    _connect(mira, base, step, what)
    tabs = mira.get_by_role("navigation", name=f"GitLab for {what}")
    tabs.get_by_role("link", name="User groups").click()
    mira.get_by_label("Design").check()
    mira.get_by_text("2 people").wait_for()
    step("groups", mira)
    mira.get_by_role("button", name="Save").click()
    mira.get_by_text("1 bound").wait_for()
    return _launch(open_window(), base, facts, step, what)


def sign_in(page: Page, person: dict[str, str], step: Step | None = None) -> None:
    """By hand, on the sign-in page. Ends when another page has come."""
    page.get_by_label("Username or company email").fill(person["username"])
    page.get_by_label("Password").fill(person["password"])
    if step:
        step("sign-in", page)
    button = page.get_by_role("button", name="Sign in", exact=True)
    button.click()
    button.wait_for(state="detached")


def _add_application(mira: Page, base: str, step: Step, what: str) -> None:
    mira.goto(f"{base}/console/catalog/")
    step("catalogue", mira)
    mira.get_by_role("link", name="GitLab", exact=True).click()
    mira.get_by_label("Display label").fill(f"GitLab for {what}")
    mira.get_by_label("Group path").fill(f"acme-{what}")
    mira.get_by_text("Advanced").click()
    mira.get_by_label("SSO IdP URL").fill(f"gitlab-{what}")
    step("new-application", mira)
    mira.locator("main .card__foot button[type=submit]").click()


def _connect(mira: Page, base: str, step: Step, what: str) -> None:
    configure = mira.get_by_role("link", name="Configure application").get_attribute("href")
    mira.goto(f"{base}/sandbox/")
    mira.locator("[name=provider-label]").fill(f"GitLab {what}")
    mira.locator("[name=provider-kind]").select_option("gitlab_saas")
    step("sandbox", mira)
    mira.locator("form[action$='/service-providers'] button").click()
    mira.wait_for_url(lambda address: "/sandbox/sp/" in address)
    there = mira.url
    mira.locator("[name=url]").fill(f"{base}/saml2/gitlab-{what}/metadata")
    step("identity-provider", mira)
    mira.locator("form[action$='/identity-provider'] button").click()
    mira.get_by_text("The identity provider is set.").wait_for()
    mira.goto(urljoin(f"{base}/", configure or ""))
    mira.get_by_role("link", name="SSO", exact=True).click()
    mira.locator("[name=url]").first.fill(f"{there}metadata")
    step("metadata", mira)
    mira.get_by_role("button", name="Upload Metadata").click()
    mira.get_by_text("The metadata was taken over.").wait_for()


def _launch(page: Page, base: str, facts: dict[str, Any], step: Step, what: str) -> Page:
    page.goto(f"{base}/login/")
    sign_in(page, facts["designer"])
    page.goto(f"{base}/")
    step("launcher", page)
    page.get_by_role("link", name=f"GitLab for {what}").click()
    page.get_by_text("Signed in").first.wait_for()
    step("signed-in", page)
    return page
