"""Journeys 2 and 3: from the launcher's tile, and from the application's own page, by Redirect and by POST."""

from tests.installation import Demo
from tests.journeys.browser import Browser, Page


def post_on(browser: Browser, page: Page) -> Page:
    """What the page's script, or its button without scripts, does: the form that carries SAML to the other side."""
    name = "SAMLResponse" if any("SAMLResponse" in form.fields for form in page.html.forms) else "SAMLRequest"
    return browser.submit(page, having=name)


def test_a_tile_opens_the_application_signed_in(demo: Demo) -> None:
    ann = demo.browser("user")
    launcher = ann.open("")
    landed = post_on(ann, ann.open(launcher.link("GitLab")))
    assert "Signed in as" in landed.text
    assert "ann.lee@acme.example" in landed.text
    assert "IdP-initiated" in landed.text


def test_an_application_that_no_group_opens_is_neither_shown_nor_launched(demo: Demo) -> None:
    ann = demo.browser("user")
    assert "GitLab Lab" not in ann.open("").text  # Platform's, and Ann is in Engineering
    refused = ann.open("launch/gitlab-lab")
    assert refused.status in {403, 404}
    assert "SAMLResponse" not in refused.answer.text


def test_the_application_sends_a_stranger_who_signs_in_and_comes_back_signed_in(demo: Demo) -> None:
    for binding in ("", "?binding=post"):
        somebody = demo.browser()
        page = somebody.open(f"sandbox/sp/wiki/login{binding}")
        if binding:
            page = post_on(somebody, page)
        assert "password" in page.form(having="password").fields, page.text
        after = somebody.submit(page, having="password", **demo.facts["user"])
        landed = post_on(somebody, after)
        assert "Signed in as" in landed.text, landed.text
        assert "SP-initiated" in landed.text


def test_sign_ins_and_refusals_stand_in_the_event_log(demo: Demo) -> None:
    log = demo.browser("administrator").open("console/events/?type=sso_auth")
    assert "ann.lee" in log.text
