"""Every page in both themes and at phone width: nothing for axe-core, nothing refused by the policy, nothing on the console."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings

from tests.browser.conftest import DARK, LIGHT, PHONE
from tests.browser.showroom import showroom, transactional_db  # noqa: F401 - fixtures
from tests.browser.visitor import Visitor

WINDOWS = {"light": LIGHT, "dark": DARK, "phone": PHONE}


# Uncompressed: the page itself, in the language that says it longer, and every sheet, script, font and picture it brings; not what it asks
# for again while it is looked at.
MOST_BYTES = 150_000
BROUGHT = """() => document.fonts.ready.then(() => performance.getEntriesByType("resource")
    .filter((one) => one.initiatorType !== "fetch").map((one) => [one.name, one.decodedBodySize]))"""


@dataclass(frozen=True)
class Row:
    """`who` is a fixture of tests/conftest.py whose Person signs in first; without one the page is opened by a stranger.

    Braces in `path` hold what conftest's `furnished` made: its id stands there.
    """

    name: str
    path: str
    who: str = ""
    status: int = 200


# A new page is a new row here.
PAGES = (
    Row("organisation", "/"),
    Row("sign-in", "/t/acme/login/"),
    Row("confirmation", "/t/acme/reauthentication/?next=/t/acme/me/", "bob"),
    Row("forgotten password", "/t/acme/password/forgotten/"),
    Row("forgotten password, sent", "/t/acme/password/forgotten/?sent=yes"),
    Row("invitation", "/t/acme/invitation/{invitation}/"),
    Row("reset link", "/t/acme/password/reset/{reset}/"),
    Row("link that is over", "/t/acme/password/reset/reset_x/", status=404),
    Row("sign-out", "/t/acme/logout/", "bob"),
    Row("launcher", "/t/acme/", "bob"),
    Row("launcher of nobody's groups", "/t/acme/", "alice"),
    Row("launcher search without a match", "/t/acme/?q=nothing+like+it", "bob"),
    Row("own order of applications", "/t/acme/arrangement/", "bob"),
    Row("profile", "/t/acme/me/", "bob"),
    Row("groups", "/t/acme/me/groups/", "bob"),
    Row("groups of somebody in none", "/t/acme/me/groups/", "erin"),
    Row("security", "/t/acme/me/security/", "bob"),
    Row("new passkey", "/t/acme/me/security/passkeys/", "bob"),
    Row("sign-in with a passkey", "/t/acme/login/passkey/"),
    Row("authenticator app", "/t/acme/me/security/authenticator/", "bob"),
    Row("removal of the authenticator app", "/t/acme/me/security/authenticator/removal/", "bob"),
    Row("removal of a passkey", "/t/acme/me/security/passkeys/{passkey}/removal/", "erin"),
    Row("recovery codes", "/t/acme/me/security/recovery-codes/", "erin"),
    Row("security with a passkey", "/t/acme/me/security/", "erin"),
    Row("password", "/t/acme/me/password/", "bob"),
    Row("activity", "/t/acme/me/activity", "bob"),
    Row("not found", "/t/acme/nothing", "bob", status=404),
    Row("not for you", "/t/acme/console/", "bob", status=403),
    Row("console", "/t/acme/console/", "alice"),
    Row("webhooks", "/t/acme/console/settings/webhooks/", "alice"),
    Row("new webhook", "/t/acme/console/settings/webhooks/new/", "alice"),
    Row("webhook in quarantine", "/t/acme/console/settings/webhooks/{webhook}/", "alice"),
    Row("settings of a webhook", "/t/acme/console/settings/webhooks/{webhook}/settings/", "alice"),
    Row("delivery", "/t/acme/console/settings/webhooks/{webhook}/deliveries/{delivery}/", "alice"),
    Row(
        "replay",
        "/t/acme/console/settings/webhooks/{webhook}/replays/?since=2001-01-01T00:00&until=2999-01-01T00:00&event_type=",
        "alice",
    ),
    Row(
        "end of a secret",
        "/t/acme/console/settings/webhooks/{webhook}/secrets/{webhook_secret}/removal/",
        "alice",
    ),
    Row("end of a webhook", "/t/acme/console/settings/webhooks/{webhook}/removal/", "alice"),
    Row("console users", "/t/acme/console/users/", "alice"),
    Row("console users without a password", "/t/acme/console/users/?state=pending&sort=-seen", "alice"),
    Row("console import of people", "/t/acme/console/users/import/", "alice"),
    Row("console acts on many people", "/t/acme/console/users/runs/", "alice"),
    Row("console review of an act", "/t/acme/console/users/runs/{people_review}/", "alice"),
    Row("console review of a file", "/t/acme/console/users/runs/{people_file}/", "alice"),
    Row("console act under way", "/t/acme/console/users/runs/{people_working}/", "alice"),
    Row("console act that is done", "/t/acme/console/users/runs/{people_done}/", "alice"),
    Row("console new user", "/t/acme/console/users/new/", "alice"),
    Row("console user", "/t/acme/console/users/{bob}/", "alice"),
    Row("console user's groups", "/t/acme/console/users/{bob}/groups/", "alice"),
    Row("console user's applications", "/t/acme/console/users/{bob}/applications/", "alice"),
    Row("console user's events", "/t/acme/console/users/{bob}/events/", "alice"),
    Row("console user's security", "/t/acme/console/users/{bob}/security/", "alice"),
    Row("console event archive", "/t/acme/console/events/archive/", "alice"),
    Row("console user without anything", "/t/acme/console/users/{alice}/applications/", "alice"),
    Row("console password of a user", "/t/acme/console/users/{bob}/password/", "alice"),
    Row("console user's second factor", "/t/acme/console/users/{erin}/second-factor/", "alice"),
    Row("console deactivation of a user", "/t/acme/console/users/{bob}/deactivation/", "alice"),
    Row("console groups", "/t/acme/console/groups/", "alice"),
    Row("console new group", "/t/acme/console/groups/new/", "alice"),
    Row("console group", "/t/acme/console/groups/{engineering}/", "alice"),
    Row("console group's members", "/t/acme/console/groups/{engineering}/members/", "alice"),
    Row("console group's events", "/t/acme/console/groups/{engineering}/events/", "alice"),
    Row("console group's applications", "/t/acme/console/groups/{engineering}/applications/", "alice"),
    Row("console deletion of a group", "/t/acme/console/groups/{engineering}/deletion/", "alice"),
    Row("console managed group", "/t/acme/console/groups/{managed}/", "alice"),
    Row("console managed group's members", "/t/acme/console/groups/{managed}/members/", "alice"),
    Row("console catalogue", "/t/acme/console/catalog/", "alice"),
    Row("console new application", "/t/acme/console/catalog/gitlab_saas/", "alice"),
    Row("console applications", "/t/acme/console/applications/", "alice"),
    Row("console applications nobody has", "/t/acme/console/applications/?state=unbound", "alice"),
    Row(
        "console question before a binding",
        "/t/acme/console/groups/{engineering}/applications/{gitlab}/removal/",
        "alice",
    ),
    Row("console explained access", "/t/acme/console/applications/{gitlab}/groups/?who=example", "alice"),
    Row("console created application", "/t/acme/console/applications/{gitlab}/created/", "alice"),
    Row("console application", "/t/acme/console/applications/{gitlab}/", "alice"),
    Row("console application's SSO", "/t/acme/console/applications/{gitlab}/sso/", "alice"),
    Row("console deactivation of SSO", "/t/acme/console/applications/{gitlab}/sso/deactivation/", "alice"),
    Row("console new certificate", "/t/acme/console/applications/{gitlab}/sso/certificates/", "alice"),
    Row(
        "console certificate",
        "/t/acme/console/applications/{gitlab}/sso/certificates/{certificate}/",
        "alice",
    ),
    *(
        Row(
            f"console {act} of a certificate",
            "/t/acme/console/applications/{gitlab}/sso/certificates/{certificate}/" + f"{act}/",
            "alice",
        )
        for act in ("promotion", "retirement")
    ),
    Row("console preview of a sign-in", "/t/acme/console/applications/{gitlab}/preview/?user={bob}", "alice"),
    Row("console preview without a person", "/t/acme/console/applications/{gitlab}/preview/?q=bob", "alice"),
    Row("console identity match", "/t/acme/console/applications/{gitlab}/identity-match/", "alice"),
    Row(
        "console identity match, searched",
        "/t/acme/console/applications/{expenses}/identity-match/?show=differing&q=b",
        "alice",
    ),
    Row("console guide", "/t/acme/console/applications/{gitlab}/guide/", "alice"),
    Row("console metadata with a change", "/t/acme/console/applications/{expenses}/sso/", "alice"),
    Row(
        "console choice of a service provider",
        "/t/acme/console/applications/{expenses}/sso/service-provider-metadata/choice/{choice}/",
        "alice",
    ),
    Row("console application's groups", "/t/acme/console/applications/{gitlab}/groups/", "alice"),
    Row("console application's events", "/t/acme/console/applications/{gitlab}/events/", "alice"),
    Row("console identity management", "/t/acme/console/applications/{gitlab}/identity-management/", "alice"),
    Row(
        "console connection", "/t/acme/console/applications/{gitlab}/identity-management/connection/", "alice"
    ),
    Row(
        "console deactivation of a connection",
        "/t/acme/console/applications/{expenses}/identity-management/deactivation/",
        "alice",
    ),
    Row(
        "console paused identity management",
        "/t/acme/console/applications/{expenses}/identity-management/",
        "alice",
    ),
    Row(
        "console attribute mapping",
        "/t/acme/console/applications/{expenses}/identity-management/mapping/",
        "alice",
    ),
    Row("console import", "/t/acme/console/applications/{expenses}/identity-management/imports/", "alice"),
    Row(
        "console import being read",
        "/t/acme/console/applications/{relocation}/identity-management/imports/{reading}/",
        "alice",
    ),
    Row(
        "console import to choose from",
        "/t/acme/console/applications/{relocation}/identity-management/imports/{import}/",
        "alice",
    ),
    Row(
        "console import of all",
        "/t/acme/console/applications/{relocation}/identity-management/imports/{import}/selection/",
        "alice",
    ),
    Row(
        "console write test",
        "/t/acme/console/applications/{expenses}/identity-management/write-test/",
        "alice",
    ),
    Row(
        "console one person",
        "/t/acme/console/applications/{expenses}/identity-management/provision/?user={bob}",
        "alice",
    ),
    Row(
        "console held removals",
        "/t/acme/console/applications/{expenses}/identity-management/approval/",
        "alice",
    ),
    Row("console plan", "/t/acme/console/applications/{expenses}/identity-management/plan/", "alice"),
    Row(
        "console plan under way",
        "/t/acme/console/applications/{expenses}/identity-management/plans/{plan under way}/",
        "alice",
    ),
    Row(
        "console plan of many",
        "/t/acme/console/applications/{expenses}/identity-management/plans/{plan}/",
        "alice",
    ),
    Row(
        "console job's account",
        "/t/acme/console/applications/{expenses}/identity-management/jobs/{job}/account/",
        "alice",
    ),
    Row("console job", "/t/acme/console/applications/{expenses}/identity-management/jobs/{job}/", "alice"),
    Row("console deletion", "/t/acme/console/applications/deletion/?application={gitlab}", "alice"),
    Row("console search", "/t/acme/console/search/?q=e", "alice"),
    Row("console events", "/t/acme/console/events/", "alice"),
    Row("console access reports", "/t/acme/console/access/", "alice"),
    Row("console access report", "/t/acme/console/access/{gitlab}/", "alice"),
    Row("console runs", "/t/acme/console/runs/", "alice"),
    Row("console receipts", "/t/acme/console/receipts/", "alice"),
    Row("console receipt", "/t/acme/console/receipts/{receipt}/", "alice"),
    Row("console event", "/t/acme/console/events/{event}/", "alice"),
    Row("console identity sources", "/t/acme/console/sources/", "alice"),
    *(
        Row(
            f"console identity source, {tab or 'set-up'}",
            "/t/acme/console/sources/{source}/" + tab,
            "alice",
        )
        for tab in (
            *("", "people/", "groups/", "groups/?find=", "groups/{managed}/"),
            *("requests/", "mapping/", "settings/"),
        )
    ),
    Row("console removal of a source", "/t/acme/console/sources/{source}/removal/", "alice"),
    Row("console revocation of a token", "/t/acme/console/sources/tokens/{scim token}/revocation/", "alice"),
    Row(
        "console unlinking of a person",
        "/t/acme/console/sources/people/{external identity}/removal/",
        "alice",
    ),
    Row("console unlinking of a group", "/t/acme/console/sources/groups/{external group}/removal/", "alice"),
    Row("console linking of a person", "/t/acme/console/sources/links/{pending link}/", "alice"),
    Row("console revocation of a key", "/t/acme/console/api-keys/{api key}/revocation/", "alice"),
    Row("console API keys", "/t/acme/console/api-keys/", "alice"),
    Row("console sign-in policy", "/t/acme/console/settings/sign-in/", "alice"),
    Row("console organisation", "/t/acme/console/settings/organisation/", "alice"),
    Row("console certificates", "/t/acme/console/settings/certificates/", "alice"),
    Row("console mail", "/t/acme/console/settings/mail/", "alice"),
    Row("console administrators", "/t/acme/console/settings/administrators/", "alice"),
    Row("console new administrator", "/t/acme/console/settings/administrators/new/", "alice"),
    Row("console administrator", "/t/acme/console/settings/administrators/{administrator}/", "alice"),
    Row(
        "console taking of a role",
        "/t/acme/console/settings/administrators/{administrator}/removal/",
        "alice",
    ),
    Row("not for the help desk", "/t/acme/console/settings/administrators/", "dora", status=403),
    Row("console sandbox", "/t/acme/console/sandbox/", "alice"),
    Row("operators' organisations", "/platform/tenants/", "olivia"),
    Row("operators' new organisation", "/platform/tenants/new/", "olivia"),
    Row("operators' organisation", "/platform/tenants/{tenant}/", "olivia"),
    Row("operators' suspension", "/platform/tenants/{tenant}/suspension/", "olivia"),
    Row("operators' deletion", "/platform/tenants/{tenant}/deletion/", "olivia"),
    Row("operators", "/platform/operators/", "olivia"),
    Row("operators' new operator", "/platform/operators/new/", "olivia"),
    Row("operators' removal", "/platform/operators/{self}/removal/", "olivia"),
    Row("operators' health", "/platform/health/", "olivia"),
    Row("operators' security", "/platform/me/security/", "olivia"),
    Row("sandbox", "/t/acme/sandbox/", "bob"),
    Row("sandbox service provider", "/t/acme/sandbox/sp/wiki/", "bob"),
    Row("sandbox accounts", "/t/acme/sandbox/targets/blog/accounts/", "bob"),
    Row("sandbox teams", "/t/acme/sandbox/targets/blog/teams/", "bob"),
    Row("sandbox requests", "/t/acme/sandbox/targets/blog/requests/", "bob"),
    Row("sandbox settings", "/t/acme/sandbox/targets/blog/settings/", "bob"),
)


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.name)
def test_a_page_opens_without_a_complaint(row, showroom):  # noqa: F811
    visitor, who = showroom.window(row.who), showroom.people.get(row.who)
    path = row.path.format(**showroom.ids, self=who and who.user.pk)
    response = visitor.open(path)
    assert response.status == row.status
    assert response.url == f"{showroom.base_url}{path}"  # it leads nowhere else, as to a sign-in
    assert visitor.page.get_by_role("heading", level=1).count() == 1
    assert {window: faults(visitor, window) for window in WINDOWS} == {window: [] for window in WINDOWS}
    assert visitor.refusals() == []
    # Chromium reports the answer to the page itself as an error; it is the one we asked for.
    own = f"status of {row.status}"
    assert [text for text in visitor.complaints if row.status < 400 or own not in text] == []
    brought, english = weights(visitor), len(response.body())
    german = len(in_german(visitor).body())
    assert brought + max(english, german) <= MOST_BYTES
    assert overflow(visitor) <= 0  # on the phone, where long words have the least room


def in_german(visitor: Visitor) -> Any:
    """The answer with the open page again, in the language whose words are longer."""
    cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "de", "url": visitor.base_url}
    visitor.page.context.add_cookies([cookie])
    response = visitor.page.reload()
    assert visitor.page.locator("html").get_attribute("lang") == "de"
    return response


def weights(visitor: Visitor) -> int:
    """Bytes of everything that the open page brings beside itself."""
    brought = dict(visitor.page.evaluate(BROUGHT))
    assert any(
        name.endswith("/inter.woff2") and size > 0 for name, size in brought.items()
    )  # or it counts too little
    return sum(brought.values())


def faults(visitor: Visitor, window: str) -> list[str]:
    """What is wrong with the open page in that theme and width; the next window starts from the same page."""
    visitor.look_through(**WINDOWS[window])
    wider = overflow(visitor)
    return visitor.violations() + ([f"{wider} px wider than the window"] if wider > 0 else [])


def overflow(visitor: Visitor) -> int:
    """CSS pixels by which the page is wider than the window."""
    width: int = visitor.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def test_the_checks_notice_what_they_are_for(showroom):  # noqa: F811
    """The negative control: the same questions, asked of a page that we spoil."""
    visitor = showroom.window("")
    visitor.open("/t/acme/login/")
    visitor.page.route("**/missing.png", lambda route: route.abort())
    with visitor.page.expect_event("requestfailed"):
        visitor.page.evaluate("document.body.append(Object.assign(new Image(), {src: '/missing.png'}))")
    visitor.page.evaluate(
        """() => new Promise((done) => {
            addEventListener("securitypolicyviolation", done);
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            document.body.append(document.createElement("img"));
            const wide = document.createElement("div");
            wide.append("W".repeat(2000));
            wide.style.whiteSpace = "nowrap";
            document.body.append(wide);
            console.error("something is wrong");
        })"""
    )
    assert visitor.page.evaluate("window.ran") is None
    assert any(text.startswith("script-src") for text in visitor.refusals())
    assert any(text.startswith("image-alt") for text in visitor.violations())
    assert overflow(visitor) > 0
    assert any("something is wrong" in text for text in visitor.complaints)
    assert any(text.startswith("failed:") for text in visitor.complaints)
    visitor.page.unroute("**/missing.png")
    assert showroom.window("").complaints == []
