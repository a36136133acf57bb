"""The event log is looked at while it grows: what is new comes in on top, until somebody stops it."""

from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.tenants.context import in_tenant
from tests.browser.visitor import expect

LIVE = "/t/acme/console/events/?live=1"


def happens(tenant, name):
    with in_tenant(tenant):
        record(EventType.USER_CREATE, actor=Actor.system(), target=Target("user", name, name))


def test_what_is_new_comes_in_on_top_until_it_is_stopped(visit, alice):
    happens(alice.tenant, "before.all.that")
    window = visit()
    window.be(alice)
    window.open(LIVE)
    rows = window.page.locator("tbody tr:not([hidden])")
    expect(rows.first).to_contain_text("before.all.that")

    loaded = window.page.evaluate("performance.timeOrigin")
    happens(alice.tenant, "while.we.look")
    expect(rows.first).to_contain_text("while.we.look")
    assert window.page.evaluate("performance.timeOrigin") == loaded  # the same page, not another one

    assert (window.complaints, window.refusals()) == ([], [])

    window.page.get_by_role("link", name="Stop live").click()
    window.page.get_by_role("link", name="Live", exact=True).wait_for()
    expect(window.page.locator("[data-live], [hx-trigger]")).to_have_count(
        0
    )  # the control: nothing asks any more
    happens(alice.tenant, "after.all.that")
    assert "after.all.that" not in window.page.content()
    window.open("/t/acme/console/events/")
    expect(rows.first).to_contain_text("after.all.that")
