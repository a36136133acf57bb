"""Most requests are read without scim2-models (apps/scim/plain.py): whatever is read so asks for the same as what scim2-models reads."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models import Context

from apps.directory.models import User
from apps.lib.scim.schemas import ENTERPRISE_USER, USER
from apps.scim import plain
from apps.scim.patching import patched
from apps.scim.resources import Person, read
from apps.scim.user_resource import keep_company, wanted_of

TEXT = st.text(min_size=1, max_size=12) | st.sampled_from(
    [" Mia ", "Zoë", "mia@acme.example", "00u1", "False", " "]
)
TRUTH = st.sampled_from([True, False, "True", "false"])
ODD = st.none() | st.integers(0, 1) | st.sampled_from(["", "off", [], {}, ["a"], {"value": "a"}, {"a": None}])
KIND = st.sampled_from(["work", "Work", "home", "mobile", ""])
ELEMENT = st.fixed_dictionaries({"value": TEXT}, optional={"type": KIND, "primary": st.booleans()})
ODD_ELEMENT = st.fixed_dictionaries(
    {"value": TEXT | ODD}, optional={"type": KIND | ODD, "primary": TRUTH | ODD, "display": TEXT}
)


def some(element: Any) -> Any:
    return st.lists(element, min_size=1, max_size=3)


def texts(*names: str) -> Any:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, TEXT))


PLAIN = st.fixed_dictionaries(
    {"userName": TEXT, "active": TRUTH, "emails": some(ELEMENT)},
    optional={
        "schemas": st.just([USER]),
        "externalId": TEXT,
        "name": texts("givenName", "familyName"),
        "displayName": TEXT,
        "title": TEXT,
        "timezone": TEXT,
        "locale": TEXT,
        "password": TEXT,
        "phoneNumbers": some(ELEMENT),
        ENTERPRISE_USER: texts("department", "costCenter") | st.just({"manager": {"value": "boss"}}),
    },
)
ODDITY = st.dictionaries(
    st.sampled_from(
        [
            "userName",
            "TITLE",
            "externalId",
            "active",
            "name",
            "title",
            "emails",
            "phoneNumbers",
            ENTERPRISE_USER,
            "unheardOf",
        ]
    ),
    TEXT
    | TRUTH
    | ODD
    | some(ODD_ELEMENT)
    | texts("givenName", "formatted", "department", "value", "Department"),
    max_size=1,
)
DOCUMENT = st.builds(lambda plain_one, odd: plain_one | odd, PLAIN, ODDITY)
PATHS = [
    *plain.PLACES,
    "name",
    "NAME.familyName",
    "emails",
    "active ",
    f"{USER}:title",
    "department",
    "unheardOf",
    "",
]
VALUE = TEXT | TRUTH | ODD
OPERATION = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "replace", "Replace", "remove"]),
        "path": st.sampled_from(PATHS),
        "value": VALUE,
    }
) | st.fixed_dictionaries(
    {
        "op": st.sampled_from(["Add", "replace"]),
        "value": st.dictionaries(st.sampled_from(PATHS), VALUE, max_size=2),
    }
)
WHOLE: Any = {
    "schemas": [USER, ENTERPRISE_USER],
    "externalId": "00u1",
    "userName": "mia",
    "name": {"givenName": "Mia", "familyName": "Example"},
    "title": "Engineer",
    "active": True,
    "emails": [
        {"value": "mia@acme.example", "type": "work", "primary": True},
        {"value": "mia@home.example", "type": "home", "primary": False},
    ],
    "phoneNumbers": [{"value": "1", "type": "work"}, {"value": "2", "type": "mobile"}],
    ENTERPRISE_USER: {"department": "Research", "manager": {"value": "boss"}},
}
THREE = {name: WHOLE[name] for name in ("schemas", "userName", "active", "emails")}


@settings(max_examples=400, deadline=None)
@given(DOCUMENT)
def test_a_document_asks_for_the_same(document: Any) -> None:
    told = plain.read(document)
    if told is None:
        return  # for scim2-models alone
    for context in (Context.RESOURCE_CREATION_REQUEST, Context.RESOURCE_REPLACEMENT_REQUEST):
        assert told == wanted_of(read(Person, document, context))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([WHOLE, THREE]), OPERATION)
def test_a_patch_asks_for_the_same(before: Any, operation: Any) -> None:
    told = plain.changed(deepcopy(before), [operation])
    if told is None:
        return
    resource = patched(Person.model_validate(before), [operation])
    keep_company(resource, User(email="mia@acme.example"))
    assert told == wanted_of(resource)


@pytest.mark.parametrize("name", ["userName", "active", "emails"])
def test_who_lacks_what_everybody_needs_is_not_plain(name: str) -> None:
    assert plain.read(WHOLE) is not None
    assert plain.read({each: WHOLE[each] for each in WHOLE if each != name}) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name.familyName", "Other"),
        ("title", "Lead"),
        ("active", "False"),
        (f"{ENTERPRISE_USER}:department", "Sales"),
    ],
)
def test_what_callers_change_most_is_plain(path: str, value: str) -> None:
    for before in (WHOLE, THREE):
        operation = {"op": "Replace", "path": path, "value": value}
        told = plain.changed(deepcopy(before), [operation])
        assert told is not None
        assert told != plain.read(before)
        assert replace(told, active=True) != replace(told, active=False)


def test_what_okta_creates_is_plain() -> None:
    created = THREE | {
        "name": WHOLE["name"],
        "displayName": "Mia Example",
        "locale": "en-US",
        "groups": [],
        "password": "x",
    }
    told = plain.read(created)
    assert told is not None
    assert (told.fields["username"], told.fields["email"], told.active) == ("mia", "mia@acme.example", True)
