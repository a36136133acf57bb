"""Pages and parts of pages that no address opens: they come between two steps, after a refusal, or by a press. As faultless as the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone

from apps.accounts.organisations import ADMINISTERED, SALT
from apps.directory.models import User
from apps.directory.policies import update_policy
from apps.events.actors import Actor
from apps.tenants.context import in_tenant
from tests.accounts.test_a_second_factor_is_asked_for import enrolled
from tests.browser.test_pages_are_accessible_and_quiet import WINDOWS, faults
from tests.browser.visitor import Visitor, expect
from tests.conftest import PASSWORD, Person

LOGIN = "/t/acme/login/"


@dataclass(frozen=True)
class State:
    """`path` is where `reach` ends; the heading says that it did. `refused`: the page is the 422 of a form."""

    name: str
    path: str
    heading: str
    reach: Callable[[Visitor, Any], None]
    refused: bool = False


def _password(visitor: Visitor, who: Person) -> None:
    visitor.open(LOGIN)
    visitor.sign_in(who)


def _told(visitor: Visitor) -> None:
    """Why it was refused, at the field that it is about."""
    expect(visitor.page.locator(".field__error").first).to_be_visible()
    expect(visitor.page.locator("[aria-invalid=true]").first).to_be_visible()


def _code(visitor: Visitor, fixture: Any) -> None:
    bob = fixture("bob")
    enrolled(bob)
    _password(visitor, bob)


def _wrong_code(visitor: Visitor, fixture: Any) -> None:
    _code(visitor, fixture)
    visitor.page.get_by_label("Code").fill("nothing")
    visitor.page.get_by_role("button", name="Sign in").click()
    _told(visitor)


def _recovery_code(visitor: Visitor, fixture: Any) -> None:
    _password(visitor, fixture("erin"))


def _expired(visitor: Visitor, fixture: Any) -> None:
    bob = fixture("bob")
    with in_tenant(bob.tenant):
        User.objects.filter(pk=bob.user.pk).update(password_expires_at=timezone.now())
    _password(visitor, bob)


def _expired_and_short(visitor: Visitor, fixture: Any) -> None:
    _expired(visitor, fixture)
    visitor.page.get_by_label("New password", exact=True).fill("short")
    visitor.page.get_by_label("New password again").fill("short")
    visitor.page.get_by_role("button", name="Change password").click()
    _told(visitor)


def _required(visitor: Visitor, fixture: Any) -> None:
    bob = fixture("bob")
    with in_tenant(bob.tenant):
        update_policy(actor=Actor.system(), second_factor="everybody", second_factor_days=0)
    _password(visitor, bob)


def _wrong_password(visitor: Visitor, fixture: Any) -> None:
    visitor.open(LOGIN)
    visitor.sign_in(fixture("bob"), "wrong")
    visitor.page.get_by_role("alert").wait_for()


def _invitation_refused(visitor: Visitor, fixture: Any) -> None:
    visitor.open(f"/t/acme/invitation/{fixture('furnished')['invitation']}/")
    visitor.page.get_by_label("New password", exact=True).fill("password1")
    visitor.page.get_by_label("New password again").fill("other")
    visitor.page.get_by_role("button", name="Set password").click()
    _told(visitor)


def _wrong_confirmation(visitor: Visitor, fixture: Any) -> None:
    visitor.be(fixture("bob"))
    visitor.open("/t/acme/reauthentication/?next=/t/acme/me/")
    visitor.page.get_by_label("Password").fill("wrong")
    visitor.page.get_by_role("button", name="Continue").click()
    _told(visitor)


def _switcher(visitor: Visitor, fixture: Any) -> None:
    """Of somebody who administers two more organisations in this browser."""
    fixture("charlie")
    visitor.be(fixture("alice"))
    known = signing.dumps(["acme", "globex"], salt=SALT)
    visitor.page.context.add_cookies([{"name": ADMINISTERED, "value": known, "url": visitor.base_url}])
    visitor.open("/t/acme/console/")
    visitor.page.locator("summary.tenant").click()
    expect(visitor.page.get_by_role("link", name="Globex")).to_be_visible()


def _account_menu(visitor: Visitor, fixture: Any) -> None:
    fixture("furnished")
    visitor.be(fixture("bob"))
    visitor.open("/t/acme/")
    visitor.page.get_by_text("Account menu:").locator("..").click()
    expect(visitor.page.get_by_role("button", name="Sign out")).to_be_visible()


def _dialog(visitor: Visitor, fixture: Any) -> None:
    bob = fixture("furnished")["bob"]
    visitor.be(fixture("alice"))
    visitor.open(f"/t/acme/console/users/{bob}/")
    visitor.page.get_by_role("link", name="Deactivate…").click()
    visitor.page.get_by_role("dialog").wait_for()


STATES = (
    State("code", "/t/acme/login/code/", "Enter a code", _code),
    State("code, refused", "/t/acme/login/code/", "Enter a code", _wrong_code, refused=True),
    State("recovery code", "/t/acme/login/code/", "Enter a code", _recovery_code),
    State("expired password", "/t/acme/password/expired/", "Your password has expired", _expired),
    State(
        "expired password, refused",
        "/t/acme/password/expired/",
        "Your password has expired",
        _expired_and_short,
        refused=True,
    ),
    State("second factor", "/t/acme/login/second-factor/", "Set up a second factor", _required),
    State("sign-in, refused", LOGIN, "Sign in", _wrong_password, refused=True),
    State(
        "invitation, refused",
        "/t/acme/invitation/{invitation}/",
        "Welcome to Acme Robotics",
        _invitation_refused,
        refused=True,
    ),
    State(
        "confirmation, refused",
        "/t/acme/reauthentication/",
        "Confirm that it is you",
        _wrong_confirmation,
        refused=True,
    ),
    State("switcher of organisations", "/t/acme/console/", "Overview", _switcher),
    State("account menu", "/t/acme/", "Bob", _account_menu),
    State("dialog", "/t/acme/console/users/{bob}/", "Bob Example", _dialog),
)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_what_comes_between_opens_without_a_complaint(state, visit, tenant, request):
    visitor = visit()
    state.reach(visitor, request.getfixturevalue)
    visitor.page.get_by_role("heading", level=1, name=state.heading).wait_for()
    assert state.path.split("{")[0] in visitor.page.url
    assert {window: faults(visitor, window) for window in WINDOWS} == {window: [] for window in WINDOWS}
    assert visitor.refusals() == []
    expected = "status of 422" if state.refused else "nothing is expected"
    assert [text for text in visitor.complaints if expected not in text] == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_required_second_factor_is_set_up_and_its_codes_are_shown_once(visit, bob, scripts):
    import pyotp

    visitor = visit(java_script_enabled=scripts)
    _required(visitor, lambda _name: bob)
    page = visitor.page
    secret = page.locator("[data-copy]").first.get_attribute("data-copy")
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", level=1, name="Your second factor is set up").wait_for()
    if scripts:
        assert visitor.violations() == []
    page.get_by_role("link", name="I saved them").click()
    visitor.arrives("/t/acme/")


def test_an_expired_password_is_changed_without_scripts(visit, bob):
    visitor = visit(java_script_enabled=False)
    _expired(visitor, lambda _name: bob)
    for label in ("New password", "New password again"):
        visitor.page.get_by_label(label, exact=True).fill(f"{PASSWORD} staple")
    visitor.page.get_by_role("button", name="Change password").click()
    visitor.arrives("/t/acme/")
    expect(visitor.page.get_by_text("Your password is changed.")).to_be_visible()
