"""Who is asked for by id or by one name is looked up without the parser, and found as the parser would find them."""

from typing import Any

import pytest

from apps.scim.lookups import people_named
from apps.tenants.context import in_tenant
from tests.conftest import Person
from tests.scim.conftest import Caller

ASKED = {
    "a user name of its own": 'userName eq "mia"',
    "in other letters": 'USERNAME EQ "MIA"',
    "what the portal calls who has a number": 'userName eq "bob1"',
    "what the source calls them": 'userName eq "bob"',
    "somebody else's": 'userName eq "alice"',
    "an id of its own": 'externalId eq "00u1"',
    "with another case": 'externalId eq "00U1"',
    "another source's id": 'externalId eq "00e1"',
    "somebody who was deleted": 'userName eq "zoe"',
    "somebody named after them": 'userName eq "kim"',
    "by id": 'externalId eq "00u9"',
    "nobody": 'userName eq "nobody"',
}


@pytest.fixture
def people(alice: Person, bob: Person, okta: Caller, entra: Caller) -> dict[str, Any]:
    """Okta's Mia, its own Bob beside the one who is here, Entra's Eve, and Zoe, whom Okta deleted, like the first Kim."""
    first = okta.create("kim", externalId="00u7")
    okta("DELETE", f"/Users/{first['id']}")
    made = {
        "mia": okta.create("mia", externalId="00u1"),
        "bob": okta.create("bob", emails=[{"value": "robert@acme.example"}]),
        "eve": entra.create("eve", externalId="00e1"),
        "zoe": okta.create("zoe", externalId="00u9"),
        "kim": okta.create("kim", externalId="00u8"),
    }
    okta("DELETE", f"/Users/{made['zoe']['id']}")
    return made


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_the_short_way_finds_whom_the_parser_finds(okta: Caller, people: dict[str, Any], asked: str) -> None:
    with in_tenant(okta.tenant):
        short = people_named(okta.source, asked)
        assert short is not None
        assert people_named(okta.source, f"({asked})") is None
    found, searched = okta.list(filter=asked), okta.list(filter=f"({asked})")
    assert found == searched
    assert len(short) == found["totalResults"]


def test_some_of_them_are_found(okta: Caller, people: dict[str, Any]) -> None:
    """The control of the test above: it does not compare nothing with nothing."""
    totals = {name: okta.list(filter=asked)["totalResults"] for name, asked in ASKED.items()}
    found = {name for name, total in totals.items() if total == 1}
    assert found == set(ASKED) - {
        "what the portal calls who has a number",
        "with another case",
        "another source's id",
        "somebody who was deleted",
        "by id",
        "nobody",
    }


def test_paging_applies_to_who_is_found_at_once(okta: Caller, people: dict[str, Any]) -> None:
    beyond = okta.list(filter='userName eq "mia"', startIndex="2")
    assert (beyond["totalResults"], beyond["itemsPerPage"], beyond["Resources"]) == (1, 0, [])
    assert okta.list(filter='userName eq "mia"', count="0")["Resources"] == []
    assert okta.list(filter='userName eq "mia"', attributes="userName")["Resources"][0].keys() == {
        *("schemas", "id", "userName")
    }


@pytest.mark.parametrize(
    "path", ["/Users/{mia}", "/Users?filter=userName+eq+%22mia%22", "/Users?filter=externalId+eq+%2200u1%22"]
)
def test_one_person_takes_three_queries(
    okta: Caller, people: dict[str, Any], path: str, django_assert_num_queries: Any
) -> None:
    """Tenant, token with its source, person with what the source calls them."""
    path = path.format(mia=people["mia"]["id"])
    okta("GET", path)  # notes the token's use, and itself
    with django_assert_num_queries(3):
        assert okta("GET", path).status_code == 200
