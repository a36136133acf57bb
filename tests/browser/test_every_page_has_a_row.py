"""A page that nobody looks at in a browser is found: every address that answers a GET with HTML has a row, or its reason stands here."""

import re
from collections.abc import Iterable

import pytest
from django.http import HttpResponse
from django.urls import Resolver404, path, resolve

from apps.accounts.access import public
from tests.browser.test_pages_are_accessible_and_quiet import PAGES
from tests.browser.test_pages_between_two_steps import STATES
from tests.security.addresses import (
    PLATFORM,
    TENANT,
    Address,
    addresses_in,
    every_address,
    operators_addresses,
)
from tests.security.walk import Worlds, openable
from tests.security.world import make_world

# name: why no row stands for it
NO_ROW = {
    "api:docs": "drawn by Swagger UI, which others wrote",
    "console:application_groups_consequence": "a part of the page of groups, where it is looked at",
    "console:people_acts": "takes a form; else leads to the list of people",
    "console:group_member_removal": "takes a form; else leads to the members",
    "console:applications_metadata": "takes a form; else leads to the list of applications",
    "console:application_sso_metadata": "takes a form; else leads to the SSO tab",
    "console:application_certificate_upload": "takes a form; else leads to the new certificate",
    "accounts:organisation_logo": "a picture, or nothing here",
    "launcher:launch": "leads on, or is a page of SAML",
    "sandbox:sp_login": "leads to the identity provider",
    "sandbox:target": "leads to its first tab",
    "sandbox:sp_slo": "the refusal of a logout message, as the portal's own (test_logout_goes_round)",
    "platform:home": "leads to the organisations",
    "platform:tenant_resumption": "takes a form",
    **dict.fromkeys(("saml:sso", "saml:request"), "looked at in test_applications_send_people"),
    **dict.fromkeys(
        ("saml:slo", "saml:logout", "saml:logout_request", "saml:logout_step", "saml:logout_answer"),
        "looked at in test_logout_goes_round",
    ),
}
ID = "00000000-0000-0000-0000-000000000000"
PLACES = (("/t/acme", TENANT), ("/platform", PLATFORM), ("", "portal.urls"))


def names_of(paths: Iterable[str]) -> set[str]:
    """Of the views behind the paths of rows; one that leads nowhere is a page, too: that there is nothing here."""
    found = set()
    for one in paths:
        address = re.sub(r"\{[^}]*\}", ID, one.split("?")[0])
        prefix, urlconf = next(place for place in PLACES if address.startswith(f"{place[0]}/"))
        try:
            found.add(resolve(address.removeprefix(prefix), urlconf=urlconf).view_name)
        except Resolver404:
            continue
    return found


def without_a_row(addresses: Iterable[Address]) -> list[str]:
    rows = names_of(row.path for row in (*PAGES, *STATES))
    return [address.name for address in addresses if address.name not in rows | NO_ROW.keys()]


def pages(worlds: Worlds) -> list[Address]:
    """What answers a GET with HTML, or leads somewhere: a state may be missing that would show a page."""
    found, acme = [], worlds.acme
    for address, things in openable():
        answer = acme.ask(address, "GET", address.path(acme.tenant, acme.kwargs(things)))
        if answer.status not in {401, 405} and "html" in answer.headers.get("Content-Type", ""):
            found.append(address)
    return found


@pytest.fixture
def worlds(db: None) -> Worlds:
    return Worlds(make_world("acme"), make_world("globex"))


def test_every_page_of_the_resolver_is_looked_at_in_a_browser(worlds: Worlds) -> None:
    found = pages(worlds)
    assert len(found) > 80  # or it walks past them
    assert without_a_row([*found, *operators_addresses()]) == []


def test_a_page_that_nobody_looks_at_would_be_found() -> None:
    view = public(lambda _request: HttpResponse("<h1>Ants</h1>"))
    assert without_a_row(addresses_in([path("ants/", view, name="ants")])) == ["ants"]


def test_a_reason_that_no_page_needs_is_found() -> None:
    known = {address.name for address in (*every_address(), *operators_addresses())}
    rows = names_of(row.path for row in (*PAGES, *STATES))
    assert NO_ROW.keys() - known == set()
    assert NO_ROW.keys() & rows == set()
