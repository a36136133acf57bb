import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scim2_models import Error as ModelError
from scim2_models import ListResponse, PatchOp, ScimFilter, User

from apps.lib.scim import errors, filters, messages, schemas
from apps.lib.scim.errors import InvalidValue, ScimError
from apps.lib.scim.values import read_boolean


def every(kind):
    for child in kind.__subclasses__():
        yield child
        yield from every(child)


# --- errors


@pytest.mark.parametrize(
    "kind", sorted(every(ScimError), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__
)
def test_every_error_has_a_document_that_another_library_reads(kind):
    document = kind().to_document()
    assert document["status"] == str(kind.status)
    assert document["detail"].endswith(".")
    assert ModelError.model_validate(document).detail == document["detail"]
    assert kind("The e-mail is taken.").to_document()["detail"] == "The e-mail is taken."


def test_scim_types_are_those_of_the_rfc():
    types = {kind.scim_type for kind in every(ScimError)} - {""}
    assert types == {
        "invalidFilter",
        "tooMany",
        "uniqueness",
        "mutability",
        "invalidSyntax",
        "invalidPath",
        "noTarget",
        "invalidValue",
        "invalidVers",
        "sensitive",
    }
    assert "scimType" not in errors.NotFound().to_document()


# --- values


@pytest.mark.parametrize("value", [None, "", "0", "1", "yes", "banana", " true", 0, 1, 1.0, [], {}, [True]])
def test_what_is_not_a_boolean_is_an_invalid_value(value):
    with pytest.raises(InvalidValue, match="active"):
        read_boolean(value)


@pytest.mark.parametrize(
    ("value", "meant"),
    [(True, True), (False, False), ("True", True), ("False", False), ("TRUE", True), ("false", False)],
)
def test_booleans_may_be_spelled(value, meant):
    assert read_boolean(value) is meant


# --- filters


@pytest.mark.parametrize("attribute", ["", "a b", 'userName eq "x" or id', "a.b.c", "1a", "a[b]", "\u00e4"])
def test_what_is_not_an_attribute_name_makes_no_filter(attribute):
    with pytest.raises(ValueError):
        filters.equals(attribute, "x")


def test_a_quote_cannot_leave_the_value():
    assert filters.equals("userName", 'x" or userName eq "y\\') == r'userName eq "x\" or userName eq \"y\\"'


def test_filters_are_spelled_as_the_rfc_does():
    assert filters.equals("active", value=True) == "active eq true"
    assert (
        filters.equals(f"{schemas.USER}:name.familyName", "\u00dc")
        == f'{schemas.USER}:name.familyName eq "\u00dc"'
    )
    assert (
        filters.both(filters.equals("id", "1"), filters.equals("members", "2"))
        == 'id eq "1" and members eq "2"'
    )


@given(st.text())
def test_any_value_is_one_json_string(value):
    written = filters.equals("userName", value)
    assert json.loads(written.removeprefix("userName eq ")) == value
    assert ScimFilter(written)


# --- messages


def test_a_patch_without_operations_is_refused():
    with pytest.raises(ValueError):
        messages.patch_op()


def test_operations_are_spelled_as_the_target_reads_them():
    assert messages.patch_op(messages.replace("active", "False", op="Replace")) == {
        "schemas": [schemas.PATCH_OP],
        "Operations": [{"op": "Replace", "path": "active", "value": "False"}],
    }
    assert messages.replace_many({"active": False}) == {"op": "replace", "value": {"active": False}}
    assert messages.remove("title", op="Remove") == {"op": "Remove", "path": "title"}


def test_members_come_and_go_in_every_form():
    assert messages.add_members(["1", "2"]) == {
        "op": "add",
        "path": "members",
        "value": [{"value": "1"}, {"value": "2"}],
    }
    assert messages.remove_members(["1"]) == {"op": "remove", "path": "members", "value": [{"value": "1"}]}
    assert messages.remove_member('a"b') == {"op": "remove", "path": r'members[value eq "a\"b"]'}
    assert messages.replace_members([]) == {"op": "replace", "path": "members", "value": []}


def test_another_library_reads_our_messages():
    PatchOp[User].model_validate(
        messages.patch_op(messages.replace("active", value=False), messages.add("title", "x"))
    )
    mia = {"schemas": [schemas.USER], "id": "1", "userName": "mia"}
    read = ListResponse[User].model_validate(messages.list_response([mia], total=5, start_index=3))
    assert (read.total_results, read.start_index, read.items_per_page) == (5, 3, 1)
    assert read.resources[0].user_name == "mia"


def test_an_empty_list_keeps_its_numbers():
    assert messages.list_response([], items_per_page=20) == {
        "schemas": [schemas.LIST_RESPONSE],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 20,
        "Resources": [],
    }


def test_messages_are_compact_utf8():
    assert messages.encode({"a": ["\u00fc"]}) == '{"a":["\u00fc"]}'.encode()
