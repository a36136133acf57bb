"""Chromium with an authenticator of its own: a passkey is added, signs in, and confirms."""

import pytest

from apps.accounts.models import Passkey
from apps.tenants.context import in_tenant
from tests.browser.visitor import expect

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def equipped(visit, bob):
    """Bob's browser, on a device that can verify him."""
    visitor = visit()
    visitor.page.context.set_default_timeout(
        60_000
    )  # milliseconds; a slow moment of the machine is no failure
    devtools = visitor.page.context.new_cdp_session(visitor.page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    visitor.verify = lambda *, verified: devtools.send(
        "WebAuthn.setUserVerified", {"authenticatorId": made["authenticatorId"], "isUserVerified": verified}
    )
    visitor.be(bob)
    return visitor


def add(visitor):
    visitor.open("/t/acme/me/security/")
    visitor.page.get_by_role("link", name="Add a passkey").click()
    visitor.page.get_by_label("Name").fill("This laptop")
    visitor.page.get_by_role("button", name="Add a passkey").click()
    visitor.page.get_by_role("link", name="I saved them").click()
    visitor.arrives("/t/acme/me/security/")


def sign_out(visitor):
    visitor.open("/t/acme/logout/")
    visitor.page.get_by_role("button", name="Sign out").last.click()
    visitor.arrives("/t/acme/login/")


def test_it_is_added_and_signs_in_without_a_name(equipped, bob):
    add(equipped)
    page = equipped.page
    expect(page.get_by_text("This laptop")).to_be_visible()
    assert equipped.violations() == []
    sign_out(equipped)
    page.get_by_role("link", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    equipped.arrives("/t/acme/")
    assert equipped.refusals() == []
    with in_tenant(bob.tenant):
        passkey = Passkey.objects.get()
        assert (passkey.user, passkey.last_used_at is not None) == (bob.user, True)


def test_somebody_whom_the_device_does_not_know_is_told(equipped):
    """The negative control, too: without the finger there is no way in."""
    add(equipped)
    sign_out(equipped)
    equipped.verify(verified=False)
    equipped.open("/t/acme/login/passkey/")
    equipped.page.get_by_role("button", name="Use a passkey").click()
    equipped.page.get_by_text("Your device gave no passkey for this portal.").wait_for(state="visible")
    assert "/login/passkey/" in equipped.page.url


def test_nothing_can_be_pressed_before_the_script_has_come(equipped):
    """It would send a form without the device's answer."""
    page = equipped.page
    add(equipped)
    sign_out(equipped)
    page.route("**/js/passkeys*.js", lambda route: route.abort())
    equipped.open("/t/acme/login/passkey/")
    button = page.get_by_role("button", name="Use a passkey")
    expect(button).to_be_disabled()
    page.unroute("**/js/passkeys*.js")
    page.reload()
    button.click()
    equipped.arrives("/t/acme/")
