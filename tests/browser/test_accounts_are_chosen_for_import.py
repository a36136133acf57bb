"""Choosing by keyboard alone, and what a hostile application lists: text, in a real browser (C15)."""

import pytest

from apps.provisioning.models import ImportRow
from apps.tenants.context import in_tenant
from tests.browser.conftest import PHONE
from tests.browser.visitor import expect

PAYLOADS = (
    "<script>window.hit = 1</script>",
    '"><img src=x onerror="window.hit = 1">',
    "'><svg onload=window.hit=1>",
    "javascript:window.hit=1",
    "{{ constructor.constructor('window.hit=1')() }}",
    '=HYPERLINK("https://evil.example")',
    "</td></tr></table><h1>",
    "\u05d0\u05d1\u05d2 admin",  # right to left, which is a name
    "x" * 250,
)


@pytest.fixture
def page(visit, alice, furnished):
    window = visit()
    window.be(alice)
    window.open(
        f"/t/acme/console/applications/{furnished['relocation']}/identity-management/imports/{furnished['import']}/"
    )
    return window


def test_all_on_the_page_are_ticked_with_one_key(page):
    ticked = page.page.locator("input[name=rows]:checked")
    page.page.locator("[data-tick-all]").press("Space")
    expect(ticked).to_have_count(2)  # the new ones; who is imported, or cannot be, has no box
    page.page.locator("input[name=rows]").first.press("Space")
    expect(ticked).to_have_count(1)
    expect(page.page.locator("[data-tick-all]:indeterminate")).to_have_count(1)
    assert page.complaints == []


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
def test_what_an_application_lists_runs_nowhere_and_breaks_nothing(visit, alice, furnished, tenant, options):
    with in_tenant(tenant):
        for number, payload in enumerate(PAYLOADS):
            ImportRow(
                run_id=furnished["import"],
                remote_id=f"h{number}",
                name=payload,
                user_name=payload,
                email=payload,
                problem=payload,
            ).save()
    window = visit(**options)
    window.be(alice)
    window.open(
        f"/t/acme/console/applications/{furnished['relocation']}/identity-management/imports/{furnished['import']}/"
    )
    assert window.page.locator("tbody tr").count() == 4 + len(PAYLOADS)
    assert window.page.evaluate("window.hit") is None
    assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert window.page.locator("h1").count() == 1
    assert window.complaints == []
