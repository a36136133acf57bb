from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import ScimFilter

from apps.directory.models import User as Directory
from apps.scim import resources
from apps.scim.columns import of_person
from apps.scim.filters import conditions
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.conftest import Person
from tests.scim.conftest import Caller

REFUSED = [
    "",
    "  ",
    "userName",
    'userName eq "x',
    "userName eq x",
    'userName is "x"',
    'shoeSize eq "9"',
    'userName eq "mia" and shoeSize eq "9"',
    'password eq "x"',
    'username_key eq "x"',
    'tenant.slug eq "acme"',
    'name eq "x"',
    'active eq "banana"',
    "active gt true",
    "userName eq 5",
    "userName co true",
    'id sw "0"',
    'meta.version eq "x"',
    'schemas eq "x"',
    'department eq "x"',
    "title co null",
    "title gt null",
    "name[givenName pr]",
    'meta.created gt "yesterday"',
    'meta.created gt "9999-12-31T23:59:59-23:59"',
    'meta.location eq "x"',
    'name[givenName eq "x"]',
    'emails[shoeSize eq "9"]',
    'emails[emails.value eq "x"]',
    'userName eq "\x00"',
    "not (" * 100 + "userName pr" + ")" * 100,
    " and ".join(["userName pr"] * 21),
    'userName eq "' + "x" * 1024 + '"',
]


@pytest.mark.parametrize("query", REFUSED)
def test_what_cannot_be_compared_is_refused_and_never_an_empty_list(okta: Caller, query: str) -> None:
    answer = okta("GET", f"/Users?filter={quote(query)}")
    assert (answer.status_code, answer.json().get("scimType")) == (400, "invalidFilter")


@pytest.mark.parametrize("raw", ["%ff", "%00"])
def test_bytes_that_are_no_text_are_refused(okta: Caller, raw: str) -> None:
    assert okta("GET", f"/Users?filter={raw}").status_code == 400


FOUND = {
    "(" * 500 + "title pr" + ")" * 500: {"mia"},
    'userName eq "mia"': {"mia"},
    'USERNAME EQ "MIA"': {"mia"},
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "mia"': {"mia"},
    'userName ne "mia"': {"noa", "m_a"},
    'userName sw "m"': {"mia", "m_a"},
    'userName ew "a"': {"mia", "noa", "m_a"},
    'userName co "_"': {"m_a"},
    'userName co "%"': set(),
    'userName eq "m_a"': {"m_a"},
    'userName gt "mia"': {"noa"},
    'externalId eq "00u1"': {"mia"},
    'externalId eq "00U1"': set(),
    "externalId pr": {"mia"},
    "not (externalId pr)": {"noa", "m_a"},
    'externalId ne "00u1"': {"noa", "m_a"},
    'emails eq "mia@acme.example"': {"mia"},
    'emails.value eq "MIA@acme.example"': {"mia"},
    'emails[type eq "work"].value eq "mia@acme.example"': {"mia"},
    'emails[type eq "work" and value co "noa"]': {"noa"},
    'emails[type eq "home"]': set(),
    'emails[not (type eq "home")]': {"mia", "noa", "m_a"},
    'emails.type eq "work" and userName eq "mia"': {"mia"},
    'not (emails.type eq "work")': set(),
    "emails pr": {"mia", "noa", "m_a"},
    'phoneNumbers[type eq "work"]': {"noa"},
    'phoneNumbers[not (type eq "home")]': {"noa"},
    "phoneNumbers pr": {"noa"},
    "active eq true": {"mia", "m_a"},
    "active eq false": {"noa"},
    "active ne true": {"noa"},
    'name.familyName eq "stone"': {"mia"},
    "title pr": {"mia"},
    "title eq null": {"noa", "m_a"},
    'userName eq "mia" and active eq false': set(),
    'userName eq "mia" or userName eq "noa" and active eq true': {"mia"},
    '(userName eq "mia" or userName eq "noa") and active eq false': {"noa"},
    'title eq "a \\"quoted\\" title"': {"mia"},
    'meta.created gt "2020-01-01T00:00:00Z"': {"mia", "noa", "m_a"},
    'meta.created lt "2020-01-01T00:00:00"': set(),
    'meta.resourceType eq "User"': {"mia", "noa", "m_a"},
    'id eq "nonsense"': set(),
}  # fmt: skip


@pytest.fixture
def three(okta: Caller, stranger: Caller) -> dict[str, Any]:
    stranger.create("mia", externalId="00u1")
    return {
        "mia": okta.create("mia", externalId="00u1", name={"familyName": "Stone"}, title='a "quoted" title'),
        "noa": okta.create("noa", active=False, phoneNumbers=[{"type": "work", "value": "+1 555"}]),
        "m_a": okta.create("m_a"),
    }


@pytest.mark.parametrize("query", FOUND)
def test_a_filter_finds_exactly_whom_it_describes(okta: Caller, three: dict[str, Any], query: str) -> None:
    answer = okta.list(filter=query)
    assert {each["userName"] for each in answer["Resources"]} == FOUND[query]
    assert answer["totalResults"] == len(FOUND[query])


def test_the_id_is_found_in_its_own_spelling_only(okta: Caller, three: dict[str, Any]) -> None:
    id_ = three["mia"]["id"]
    assert okta.list(filter=f'id eq "{id_}"')["totalResults"] == 1
    assert okta.list(filter=f'id eq "urn:uuid:{id_}"')["totalResults"] == 0


def test_another_tokens_external_id_is_not_seen(okta: Caller, entra: Caller, three: dict[str, Any]) -> None:
    assert entra.list(filter='externalId eq "00u1"')["totalResults"] == 0
    seen = entra.list(filter='userName eq "mia"')["Resources"][0]
    assert "externalId" not in seen
    assert seen["id"] == three["mia"]["id"]


def test_an_or_does_not_open_another_tenant(okta: Caller, stranger: Caller) -> None:
    okta.create("mine")
    stranger.create("theirs")
    query = 'userName eq "theirs" or userName eq "mine" or not (userName eq "x")'
    assert [each["userName"] for each in okta.list(filter=query)["Resources"]] == ["mine"]


def test_entras_test_connection_is_an_empty_list(entra: Caller) -> None:
    answer = entra.list(filter='userName eq "b1d2a8e2-6d0b-4c36-9a53-3b1d2f0f7a01"')
    assert answer == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
    }  # fmt: skip


def test_deactivated_people_stay_visible(okta: Caller, three: dict[str, Any]) -> None:
    assert okta.list(filter='userName eq "noa"')["Resources"][0]["active"] is False


def test_every_page_walk_visits_each_person_once(okta: Caller, alice: Person) -> None:
    for number in range(7):
        okta.create(f"p{number}")
    for count in (1, 2, 3, 7, 8, 200):
        seen: list[str] = []
        while True:
            page = okta.list(startIndex=str(len(seen) + 1), count=str(count))
            assert page["itemsPerPage"] == len(page["Resources"]) <= count
            if not page["Resources"]:
                break
            seen += [each["userName"] for each in page["Resources"]]
        assert len(seen) == len(set(seen)) == page["totalResults"] == 8


@pytest.mark.parametrize(
    ("start", "count", "first", "items"),
    [("0", "2", 1, 2), ("-5", "2", 1, 2), ("2", "0", 2, 0), ("1", "-1", 1, 0), ("4", "5", 4, 0), ("9" * 30, "9" * 30, int("9" * 30), 0)],
)  # fmt: skip
def test_paging_outside_the_list_is_no_error(
    okta: Caller, three: dict[str, Any], start: str, count: str, first: int, items: int
) -> None:
    page = okta.list(startIndex=start, count=count)
    assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (first, items, 3)


@pytest.mark.parametrize("query", ["startIndex=x", "count=1.5", "count=", "startIndex=" + "9" * 5000])
def test_paging_with_anything_but_whole_numbers_is_refused(okta: Caller, query: str) -> None:
    answer = okta("GET", f"/Users?{query}")
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")


def test_a_page_is_never_longer_than_announced(okta: Caller, inside: Any) -> None:
    now = datetime.now(UTC)
    rows = [
        Directory(username=f"u{n}", email=f"u{n}@acme.example", created_at=now + timedelta(seconds=n))
        for n in range(201)
    ]
    for row in rows:
        row.fill_keys()
    Directory.objects.bulk_create(rows)
    most = okta("GET", "/ServiceProviderConfig").json()["filter"]["maxResults"]
    assert okta.list(count="1000000000")["itemsPerPage"] == most == 200


def test_a_list_costs_the_same_number_of_queries_however_long(okta: Caller) -> None:
    costs = []
    for number in range(3):
        okta.create(f"p{number}", externalId=str(number))
        with CaptureQueriesContext(connection) as queries:
            okta.list(filter="active eq true")
        # Not what is remembered of a read, which is one insert a second.
        costs.append(sum("INSERT INTO" not in each["sql"] for each in queries))
    assert len(set(costs)) == 1


COMPARISONS = [
    f'{attribute} {op} "{value}"'
    for attribute in ("userName", "emails.value", "name.givenName", "displayName", "externalId")
    for op in ("eq", "ne", "co", "sw", "ew")
    for value in ("mia", "M", "a_", "%", "")
    if attribute != "externalId" or op in {"eq", "ne"}
] + [
    'emails.type eq "work"', 'emails.type ne "home"', "active eq true", "active ne true", "title pr", "emails pr", "displayName eq null",
    'emails[type eq "work" and value sw "m"]', 'phoneNumbers[type ne "home"]', "phoneNumbers pr", "externalId pr",
]  # fmt: skip
FILTERS = st.recursive(
    st.sampled_from(COMPARISONS),
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=FILTERS)
def test_the_database_agrees_with_the_reference_evaluator(
    okta: Caller, three: dict[str, Any], query: str
) -> None:
    """scim2-models evaluates the same filter over the resources in Python."""
    with in_tenant(okta.tenant):
        found = {
            user.username
            for user in Directory.objects.filter(conditions(resources.Person, query, of_person(okta.source)))
        }
    parsed = ScimFilter[resources.Person](query)
    expected = {
        name
        for name, document in three.items()
        if parsed.match(resources.Person.model_validate(document, scim_policy=resources.POLICY))
    }
    assert found == expected


@pytest.mark.parametrize("path", ["//Users?startIndex=1&count=2", "//Users/", "///Groups", "//.search"])
def test_a_base_url_that_ends_with_a_slash_is_joined_carelessly(okta: Caller, path: str) -> None:
    """Okta's field takes the address as it is typed; what follows begins with a slash of its own."""
    assert (
        okta("POST" if "search" in path else "GET", path, {} if "search" in path else None).status_code == 200
    )


def test_far_down_the_list_the_same_people_follow_in_the_same_order(
    okta: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        okta.create(f"deep{number}", externalId=f"d{number}")
    asked = {"startIndex": "3", "count": "3"}
    near = [okta.list(**asked, **more) for more in ({}, {"sortBy": "userName", "sortOrder": "descending"})]
    monkeypatch.setattr("apps.scim.search.DEEP", 1)
    far = [okta.list(**asked, **more) for more in ({}, {"sortBy": "userName", "sortOrder": "descending"})]
    assert near == far
    assert [len(page["Resources"]) for page in far] == [3, 3]
    assert okta.list(startIndex="90")["Resources"] == []


def test_a_long_walk_visits_each_person_once_whoever_left_before(okta: Caller, tenant: Tenant) -> None:
    """Beyond what is walked along, also when somebody was deleted here and so is counted but not seen."""
    walks = []
    with in_tenant(tenant):
        rows = [Directory(username=f"p{number}", email=f"p{number}@acme.example") for number in range(2300)]
        for row in rows:
            row.fill_keys()
        Directory.objects.bulk_create(rows, batch_size=400)
        Directory.objects.filter(username__in=["p7", "p1500"]).delete()
    for left in (False, True):
        if left:
            okta("DELETE", f"/Users/{okta.create('left')['id']}")
        pages = [okta.list(startIndex=str(start), count="200") for start in range(1, 2400, 200)]
        assert {page["totalResults"] for page in pages} == {2298}
        walks.append([each["userName"] for page in pages for each in page["Resources"]])
    expected = [row.username for row in rows if row.username not in {"p7", "p1500"}]
    assert walks == [expected, expected]


@pytest.mark.parametrize("schemas", [1, "x", {"a": 1}, ["urn:other"], [None], True])
@pytest.mark.parametrize("path", ["/.search", "/Users/.search"])
def test_a_search_that_says_it_is_something_else_is_refused(okta, path, schemas):
    answer = okta("POST", path, {"schemas": schemas})
    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidSyntax"
