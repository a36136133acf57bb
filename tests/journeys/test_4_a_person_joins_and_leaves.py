"""Journey 4: membership is all that anybody changes; within a second the application has followed."""

import time
from collections.abc import Callable

from tests.installation import Demo
from tests.journeys.browser import Browser, Page, eventually

PERSON = "Diego Silva"  # in no group that opens GitLab
EMAIL = "diego.silva@acme.example"


def account(mira: Browser) -> str:
    """The row of the person on the sandbox's page; "" when there is none."""
    rows = mira.open("sandbox/targets/gitlab/accounts/").html.xpath(f"//tr[contains(., '{EMAIL}')]")
    return " ".join(rows[0].text_content().split()) if rows else ""


def test_joining_creates_leaving_deactivates_and_coming_back_reactivates(
    demo: Demo, record_property: Callable[[str, object], None]
) -> None:
    mira = demo.browser("administrator")
    members = f"{mira.open('console/groups/').link('Engineering')}members/"
    assert account(mira) == ""

    assert _add(mira, members).status == 200
    eventually(lambda: "Active" in account(mira))

    assert _remove(mira, members).status == 200
    began = time.monotonic()
    eventually(
        lambda: "Active" not in account(mira), seconds=10
    )  # "Removed from the group", as GitLab has it
    assert EMAIL in account(mira)  # the account itself stays
    took = time.monotonic() - began
    record_property(
        "seconds_until_deactivated", round(took, 2)
    )  # the promise is one second; machines are shared, so no limit here

    assert _add(mira, members).status == 200
    eventually(lambda: "Active" in account(mira))


def _person_id(mira: Browser) -> str:
    return mira.open("console/users/?q=diego").link(PERSON).rstrip("/").rsplit("/", 1)[-1]


def _add(mira: Browser, members: str) -> Page:
    return mira.submit(
        mira.open(f"{members}?find=diego"), to="/members/", having="users", users=[_person_id(mira)]
    )


def _remove(mira: Browser, members: str) -> Page:
    return mira.submit(mira.open(members), to="/members/removal/", users=[_person_id(mira)])


def test_every_step_stands_in_the_persons_timeline(demo: Demo) -> None:
    mira = demo.browser("administrator")
    log = mira.open("console/events/?application=&q=diego").text
    for words in ("Account created in the application", "Account deactivated in the application"):
        assert words in log
