"""
Every URL the resolver knows, opened by everybody: a stranger's objects do not exist, a page says who may open it, and nothing private
is kept. The table is rows.py; a URL that is not in it fails here.
"""

from collections import Counter

from django.http import HttpResponse
from django.urls import path

from apps.accounts.access import public
from tests.security import walk
from tests.security.addresses import Address, addresses_in, every_address
from tests.security.rows import CACHEABLE, CSRF_EXEMPT, PUBLIC, ROWS
from tests.security.walk import Worlds


def test_a_new_url_without_a_row_or_a_name_is_found() -> None:
    view = public(lambda request, pk: HttpResponse())
    without_row, without_name = walk.missing_rows(
        addresses_in([path("robots/<uuid:pk>/", view, name="robot"), path("ants/", view)])
    )
    assert 'add row("robot", pk="?") to tests/security/rows.py' in without_row
    assert "give the URL a name" in without_name


def test_every_url_with_parameters_has_a_row() -> None:
    assert walk.missing_rows(every_address()) == []


def test_no_row_outlives_its_url_and_none_stands_for_two() -> None:
    keys = Counter((address.name, address.parameters) for address in every_address())
    assert [key for key, times in keys.items() if times > 1] == []
    assert walk.ROW_OF.keys() - keys.keys() == set()
    assert len(ROWS) == len(walk.ROW_OF)
    assert CACHEABLE.keys() <= {name for name, _ in keys}


def undeclared(addresses: list[Address]) -> list[str]:
    return [
        f"{address}: say who may open it (apps.accounts.access)"
        for address in addresses
        if not address.access
    ]


def test_a_view_that_does_not_say_who_may_open_it_is_found() -> None:
    assert undeclared(addresses_in([path("ants/", lambda request: HttpResponse(), name="ants")]))


def test_every_view_says_who_may_open_it() -> None:
    assert undeclared(every_address()) == []


def test_what_anybody_may_open_is_a_fixed_list() -> None:
    assert {address.name for address in every_address() if address.access == "public"} == PUBLIC.keys()


def test_what_asks_for_no_csrf_token_is_a_fixed_list() -> None:
    assert {address.name for address in every_address() if address.csrf_exempt} == CSRF_EXEMPT.keys()


def test_each_row_opens_for_its_owner(worlds: Worlds) -> None:
    """Negative control of the refusals below: what the rows name is there, and shows."""
    closed, showing = walk.closed_to_their_owner(worlds)
    assert closed == []
    assert len(showing) >= 25


def test_without_a_session_only_public_pages_open(worlds: Worlds) -> None:
    assert walk.opened_without_a_session(worlds) == []


def test_what_is_for_programs_does_not_open_for_a_session(worlds: Worlds) -> None:
    assert walk.opened_by_a_cookie(worlds) == []


def test_what_belongs_to_another_organisation_does_not_exist(worlds: Worlds) -> None:
    assert walk.reached_in_another_organisation(worlds) == []


def test_lists_searches_and_exports_show_nothing_of_another_organisation(worlds: Worlds) -> None:
    assert walk.shown_of_another_organisation(worlds) == []


def test_an_answer_to_a_session_is_never_kept(worlds: Worlds) -> None:
    assert walk.kept_by_a_browser(worlds) == []


def test_a_query_that_nobody_types_breaks_no_page(worlds: Worlds) -> None:
    assert walk.broken_by_a_query(worlds) == []


def test_what_is_deleted_while_somebody_acts_on_it_is_not_there(worlds: Worlds) -> None:
    broken, touched = walk.broken_by_what_is_gone(worlds)
    assert broken == []
    assert len(touched) >= 20
