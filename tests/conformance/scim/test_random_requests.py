"""
Requests that nobody thought of: filters and orders against an evaluator written here without a look at the product's, PATCH documents and bodies
out of the blue. Never a 500: the test client raises whatever a view does.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.directory.models import User as Directory
from apps.lib.scim.schemas import ENTERPRISE_USER, PATCH_OP
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
few = settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
pytestmark = pytest.mark.timeout(900)  # a few hundred requests each

# An evaluator ------------------------------------------------------------------------------------------------------

CASE_EXACT = {"externalId", f"{ENTERPRISE_USER}:manager.value"}
PATHS = [
    "userName", "displayName", "title", "externalId", "name.givenName", "name.familyName", "name.formatted", "emails.value",
    "emails.type", "phoneNumbers.value", "phoneNumbers.type", f"{ENTERPRISE_USER}:department",
    f"{ENTERPRISE_USER}:employeeNumber", f"{ENTERPRISE_USER}:manager.value",
]  # fmt: skip
COMPARE = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "co": lambda a, b: b in a, "sw": lambda a, b: a.startswith(b),
    "ew": lambda a, b: a.endswith(b), "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b, "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}  # fmt: skip


def values(document: Any, path: str) -> list[Any]:
    """What the resource has there: none, one or several."""
    urn, colon, rest = path.rpartition(":")
    steps = ([urn] if colon else []) + rest.split(".")
    found = [document]
    for step in steps:
        inner = [each[step] for each in found if isinstance(each, dict) and step in each]
        found = [one for each in inner for one in (each if isinstance(each, list) else [each])]
    return found


@dataclass(frozen=True)
class Term:
    path: str
    op: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.path} pr" if self.op == "pr" else f'{self.path} {self.op} "{self.value}"'

    def holds(self, document: Any) -> bool:
        here = values(document, self.path)
        if self.op == "pr":
            return bool(here)
        same = (lambda text: text) if self.path in CASE_EXACT else str.casefold
        compared = [COMPARE[self.op](same(each), same(self.value)) for each in here]
        return all(compared) if self.op == "ne" else any(compared)


@dataclass(frozen=True)
class Joined:
    word: str
    parts: tuple[Any, ...]

    def __str__(self) -> str:
        if self.word == "not":
            return f"not ({self.parts[0]})"
        return "(" + f" {self.word} ".join(map(str, self.parts)) + ")"

    def holds(self, document: Any) -> bool:
        held = [each.holds(document) for each in self.parts]
        return not held[0] if self.word == "not" else all(held) if self.word == "and" else any(held)


@dataclass(frozen=True)
class OfOneElement:
    attribute: str
    inner: Any

    def __str__(self) -> str:
        return f"{self.attribute}[{self.inner}]"

    def holds(self, document: Any) -> bool:
        return any(self.inner.holds(each) for each in document.get(self.attribute, []))


def joined(inner: Any) -> Any:
    return st.one_of(
        st.builds(lambda one: Joined("not", (one,)), inner),
        st.builds(
            lambda word, one, two: Joined(word, (one, two)), st.sampled_from(["and", "or"]), inner, inner
        ),
    )


TEXTS = st.sampled_from(
    ["", "mia", "M", "a", "stone", "R&D", "r&d", "%", "_", "\\\\", "7", "00u", "00U", "work", "mobile", "+1"]
)


def terms(paths: list[str]) -> Any:
    return st.builds(Term, st.sampled_from(paths), st.sampled_from([*COMPARE, "pr"]), TEXTS)


ELEMENTS = st.builds(
    OfOneElement, st.sampled_from(["emails", "phoneNumbers"]), st.recursive(terms(["value", "type"]), joined, max_leaves=3)
)  # fmt: skip
FILTERS = st.recursive(st.one_of(terms(PATHS), ELEMENTS), joined, max_leaves=5)


@pytest.fixture
def crowd(okta: Caller) -> list[Any]:
    """Each is there as it was told, and as it is told to who asks for everything."""
    mia = okta.create(
        "mia", externalId="00u1", title="R&D lead", name={"givenName": "Mia", "familyName": "Stone"}
    )
    return [
        mia | okta("GET", f"/Users/{mia['id']}?attributes=name,name.formatted").json(),
        okta.create("MAX", externalId="00U2", displayName="Max 100%", phoneNumbers=[{"type": "mobile", "value": "+1 7"}]),
        okta.create("n_a", phoneNumbers=[{"type": "work", "value": "+1 7"}, {"type": "mobile", "value": "7"}],
                    emails=[{"value": "n_a@acme.example"}, {"type": "mobile", "value": "mia7@home.example"}, {"value": "stone@home.example"}]),
        okta.create("ola", title="\\\\a", **{ENTERPRISE_USER: {"department": "R&D", "employeeNumber": "7", "manager": {"value": "00u1"}}}),
        okta.create("pia", displayName="stone", active=False, **{ENTERPRISE_USER: {"department": "r&d"}}),
    ]  # fmt: skip


@few
@given(wanted=FILTERS)
def test_the_service_finds_whom_the_evaluator_finds(okta: Caller, crowd: list[Any], wanted: Any) -> None:
    expected = {each["userName"] for each in crowd if wanted.holds(each)}
    found = okta.list(filter=str(wanted))
    assert {each["userName"] for each in found["Resources"]} == expected, str(wanted)


@settings(few, max_examples=30)
@given(
    path=st.sampled_from([path for path in PATHS if not path.endswith(".type")]),
    downwards=st.booleans(),
    size=st.integers(1, 3),
)
def test_pages_in_any_order_hold_everybody_once(
    okta: Caller, crowd: list[Any], path: str, downwards: bool, size: int
) -> None:
    """Whoever has no value comes last, or first the other way round; equals stay in the order in which they came."""
    direction = "descending" if downwards else "ascending"
    seen: list[Any] = []
    while True:
        page = okta.list(
            attributes=f"id,{path}",
            sortBy=path,
            sortOrder=direction,
            startIndex=str(len(seen) + 1),
            count=str(size),
        )
        if not page["Resources"]:
            break
        seen += page["Resources"]
    keys = [(values(each, path)[:1] or [None])[0] for each in seen]
    folded = [key if key is None or path in CASE_EXACT else key.casefold() for key in keys]
    present = [key for key in folded if key is not None]
    missing = [None] * (len(folded) - len(present))
    in_order = sorted(present, reverse=downwards)
    assert folded == (missing + in_order if downwards else in_order + missing)
    assert sorted(each["id"] for each in seen) == sorted(each["id"] for each in crowd)


# Whatever may be sent ----------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=10), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
NAMES = st.sampled_from([
    "userName", "USERNAME", "active", "emails", 'emails[type eq "work"].value', 'emails[type eq "home"].value', "emails.value",
    'phoneNumbers[type eq "mobile"].value', "phoneNumbers", "name", "name.givenName", "name.formatted", "displayName", "title",
    "timezone", "externalId", "id", "meta", "meta.created", "groups", "roles", "password", "is_staff", "tenant", "administrator", "schemas",
    f"{ENTERPRISE_USER}:department", ENTERPRISE_USER, "manager", f"{ENTERPRISE_USER}:manager", "department", "members", "emails[", "", " ",
    "a.b.c", "urn:x:y", 'emails[type eq "work" and', "emails[not (type pr)]", 'emails[value eq "x"].primary', "\x00",
])  # fmt: skip
WORTH = st.one_of(
    JSON, st.sampled_from(["mia@acme.example", "False", "true", "x" * 400, "Europe/London", [{"value": "z@acme.example", "type": "work"}],
                           {"value": "5"}, [], {}, [{"$ref": "x", "value": "9"}], "owner"]),
)  # fmt: skip
OPERATION = st.fixed_dictionaries(
    {"op": st.one_of(st.sampled_from(["add", "Add", "replace", "REPLACE", "remove", "Remove"]), JSON)},
    optional={
        "path": st.one_of(NAMES, NAMES, JSON),
        "value": st.one_of(WORTH, st.dictionaries(NAMES, WORTH, max_size=3)),
    },
)


@settings(few, max_examples=150)
@given(operations=st.one_of(st.lists(OPERATION, min_size=1, max_size=4), JSON))
def test_a_patch_out_of_the_blue_is_applied_or_refused_as_a_whole(okta: Caller, operations: Any) -> None:
    known = okta.list(filter='externalId eq "blue"')["Resources"]
    before = known[0] if known else okta.create("blue", externalId="blue")
    answer = okta("PATCH", f"/Users/{before['id']}", {"schemas": [PATCH_OP], "Operations": operations})
    after = okta("GET", f"/Users/{before['id']}").json()
    assert answer.status_code in {200, 400, 409, 413}
    if answer.status_code == 200:
        assert answer.json() == after
        okta(
            "PATCH",
            f"/Users/{before['id']}",
            {"Operations": [{"op": "replace", "path": "externalId", "value": "blue"}]},
        )
    else:
        assert after == before
    for fixed in ("id", "schemas"):
        assert after["id"] == before["id"]
        assert fixed in after
    assert after["meta"]["created"] == before["meta"]["created"]
    with in_tenant(okta.tenant):
        person = Directory.objects.get(pk=before["id"])
        assert not hasattr(person, "administrator")
        assert not person.has_usable_password()


PLACES = [
    ("POST", "/Users"), ("PUT", "/Users/ID"), ("PATCH", "/Users/ID"), ("POST", "/Groups"), ("PUT", "/Groups/GROUP"), ("PATCH", "/Groups/GROUP"),
    ("POST", "/.search"), ("POST", "/Users/.search"), ("POST", "/Groups/.search"), ("POST", "/Bulk"),
]  # fmt: skip
MEMBERS = st.sampled_from(["schemas", "Operations", "filter", "sortBy", "startIndex", "count", "attributes", "excludedAttributes", "failOnErrors",
                           "displayName", "members", "method", "path", "bulkId", "data", "userName", "emails", "active"])  # fmt: skip
BODIES = st.one_of(
    JSON,
    st.dictionaries(
        MEMBERS, st.one_of(JSON, st.lists(st.dictionaries(MEMBERS, JSON, max_size=4), max_size=3)), max_size=5
    ),
)


@settings(few, max_examples=120)
@given(place=st.sampled_from(PLACES), body=BODIES)
def test_a_body_out_of_the_blue_is_never_an_error_of_ours(
    okta: Caller, place: tuple[str, str], body: Any
) -> None:
    method, path = place
    person = okta.list(filter='userName eq "body"')["Resources"] or [okta.create("body")]
    group = okta.list("/Groups")["Resources"] or [okta("POST", "/Groups", {"displayName": "Body"}).json()]
    path = path.replace("ID", person[0]["id"]).replace("GROUP", group[0]["id"])
    assert okta(method, path, body).status_code < 500


@few
@given(query=st.dictionaries(st.sampled_from(["filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes"]),
                             st.one_of(st.text(max_size=30), NAMES, st.builds(str, FILTERS)), max_size=4))  # fmt: skip
def test_a_query_out_of_the_blue_is_never_an_error_of_ours(okta: Caller, query: dict[str, str]) -> None:
    from urllib.parse import urlencode

    for path in ("/Users", "/Groups", "/"):
        encoded = urlencode({name: text.encode("utf-8", "replace") for name, text in query.items()})
        assert okta("GET", f"{path}?{encoded}").status_code in {200, 400}
