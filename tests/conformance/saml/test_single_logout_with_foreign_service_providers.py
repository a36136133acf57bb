"""Signing out in one place signs out in all of them: each service provider begins, and each is told by the portal."""

from apps.lib.crypto import new_key_pair
from tests.conformance.programs import do_without
from tests.conformance.saml.conftest import Connected, Pairs, identity
from tests.conformance.saml.kinds import KINDS, those_that
from tests.conformance.saml.provider import onwards
from tests.journeys.browser import Browser, Page

ANN = "ann.lee@acme.example"


def signed_in(both: Connected, browser: Browser) -> None:
    """Requests are signed, so that the portal knows the certificate by which logout messages are believed."""
    both.exchange(sign_requests=True)
    assert identity(both.login(browser))["name_id"] == ANN
    assert who(both, browser) == ANN


def who(both: Connected, browser: Browser) -> str | None:
    answer = browser.session.get(f"{both.provider.base}/who", timeout=30)
    name: str | None = answer.json()["who"]
    return name


def at_the_portal(browser: Browser) -> bool:
    return "password" not in {name for form in browser.open("").html.forms for name in form.fields}


def begin_at(both: Connected, browser: Browser) -> Page:
    return onwards(browser, Page(browser.session.get(f"{both.provider.base}/logout", timeout=30)))


def begin_at_the_portal(browser: Browser) -> Page:
    return onwards(browser, browser.submit(browser.open(""), to="/logout"))


@those_that()
def test_signing_out_there_signs_out_here(both: Connected, gatehouse_ann: Browser) -> None:
    signed_in(both, gatehouse_ann)
    assert at_the_portal(gatehouse_ann)
    page = begin_at(both, gatehouse_ann)
    assert page.answer.json() == {"logged_out": True}
    assert who(both, gatehouse_ann) is None
    assert not at_the_portal(gatehouse_ann)


@those_that()
def test_signing_out_here_signs_out_there(both: Connected, gatehouse_ann: Browser) -> None:
    signed_in(both, gatehouse_ann)
    page = begin_at_the_portal(gatehouse_ann)
    assert page.url.startswith(both.gatehouse.base)
    assert "signed out" in page.text.lower()
    assert "not signed out" not in page.text.lower()
    assert who(both, gatehouse_ann) is None
    assert not at_the_portal(gatehouse_ann)


@those_that()
def test_what_a_stranger_signed_signs_nobody_out(both: Connected, gatehouse_ann: Browser) -> None:
    """The negative control: the same request, by a key that is not the application's."""
    signed_in(both, gatehouse_ann)
    known = both.application.settings()["sp_certificates"]
    stranger = new_key_pair("stranger.example", 30).certificate
    both.application.change(sp_certificates=[stranger], require_signed_requests=False)
    page = begin_at(both, gatehouse_ann)
    assert page.status == 400
    assert at_the_portal(gatehouse_ann)
    both.application.change(sp_certificates=known)


def test_one_sign_out_reaches_all_of_them(pairs: Pairs, gatehouse_ann: Browser) -> None:
    reasons = {kind: kind.unavailable() for kind in KINDS}
    if any(reasons.values()):
        do_without("; ".join(reason for reason in reasons.values() if reason))
    there = [pairs(kind) for kind in KINDS]
    for both in there:
        signed_in(both, gatehouse_ann)
    page = begin_at(there[0], gatehouse_ann)
    assert page.answer.headers["Content-Type"] == "application/json", page.text
    assert page.answer.json() == {"logged_out": True}
    assert [who(both, gatehouse_ann) for both in there] == [None] * len(there)
    assert not at_the_portal(gatehouse_ann)
