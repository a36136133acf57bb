import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.lib.http import Answer
from apps.lib.scim import reading
from apps.lib.scim.errors import NotScim, ReadingError, SeveralMatch
from apps.lib.scim.reading import (
    find_group,
    find_user,
    find_user_by_id,
    read_error,
    read_group,
    read_list,
    read_user,
)
from apps.lib.scim.schemas import ERROR, LIST_RESPONSE
from apps.lib.xml import is_xml_text

GITLAB = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "id": "mia@example.com",
    "active": True,
    "name.formatted": "Mia Example",
    "userName": "mia",
    "meta": {"resourceType": "User"},
    "emails": [{"type": "work", "value": "mia@example.com", "primary": True}],
}


def listed(*resources, **more):
    return {"schemas": [LIST_RESPONSE], "totalResults": len(resources), "Resources": list(resources), **more}


def user(user_name, key="u1", **more):
    return {"id": key, "userName": user_name, **more}


# --- resources


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "",
        "text",
        7,
        {},
        {"id": None},
        {"id": ""},
        {"id": True},
        {"id": []},
        {"id": "a\x00"},
        {"id": "\ud800"},
        {"id": "x" * 256},
    ],
)
def test_a_resource_without_a_usable_id_is_refused(document):
    with pytest.raises(NotScim):
        read_user(document)
    with pytest.raises(NotScim):
        read_group(document)


def test_gitlabs_flat_key_is_read():
    read = read_user(GITLAB)
    assert (read.id, read.user_name, read.formatted_name) == ("mia@example.com", "mia", "Mia Example")
    assert (read.email, read.active) == ("mia@example.com", True)


def test_ids_may_be_numbers_and_names_any_case():
    read = read_user({"ID": 42, "username": "mia", "NAME": {"GIVENNAME": "Mia"}, "externalid": 7})
    assert (read.id, read.user_name, read.given_name, read.external_id) == ("42", "mia", "Mia", "7")


@pytest.mark.parametrize(
    ("value", "active"),
    [
        (True, True),
        (False, False),
        ("True", True),
        ("False", False),
        ("true", True),
        ("FALSE", False),
        (None, None),
        ("banana", None),
        (0, None),
        ([], None),
    ],
)
def test_active_is_never_guessed(value, active):
    assert read_user(user("mia", active=value)).active is active


@pytest.mark.parametrize(
    ("emails", "email"),
    [
        (None, ""),
        ([], ""),
        ("mia@example.com", "mia@example.com"),
        ({"value": "mia@example.com"}, "mia@example.com"),
        (["mia@example.com"], "mia@example.com"),
        ([{"value": "a", "type": "home"}, {"value": "b", "type": "Work"}], "b"),
        ([{"value": "a", "type": "work"}, {"value": "b", "primary": "True"}], "b"),
        ([{"value": "a"}, {"value": "b"}], "a"),
        ([{"type": "work"}], ""),
        ([None, 3], ""),
    ],
)
def test_the_primary_address_is_chosen_else_the_one_for_work(emails, email):
    assert read_user(user("mia", emails=emails)).email == email


def test_texts_are_storable_and_not_endless():
    read = read_user(user("m\x00ia\ud800", title="x" * 100_000, displayName={"not": "text"}))
    assert read.user_name == "m\ufffdia\ufffd"
    assert len(read.title) == reading.LONGEST_TEXT
    assert read.display_name == ""


@pytest.mark.parametrize(
    ("members", "ids"),
    [
        ({}, None),
        ({"members": None}, None),
        ({"members": []}, ()),
        ({"members": [{"value": "u1"}, {"value": 2}, {"display": "no value"}, "u3"]}, ("u1", "2", "u3")),
        ({"members": {"value": "u1"}}, ("u1",)),
    ],
)
def test_members_left_out_are_not_the_same_as_none(members, ids):
    assert read_group({"id": "g1", **members}).member_ids == ids


# --- lists


@pytest.mark.parametrize(
    "document", [None, "", {}, {"Resources": "x"}, {"totalResults": 3}, {"totalResults": None}, 5, "<html>"]
)
def test_what_is_not_a_list_is_refused(document):
    with pytest.raises(NotScim):
        read_list(document)


@pytest.mark.parametrize(
    ("document", "total"),
    [
        ([], 0),
        ([user("a")], 1),
        ({"totalResults": 0}, 0),
        ({"totalResults": "0"}, 0),
        ({"totalResults": 0, "Resources": None}, 0),
        ({"Resources": [user("a")]}, 1),
        ({"resources": [user("a")], "totalresults": "12"}, 12),
        ({"Resources": [user("a"), None, 3], "totalResults": -1}, 1),
    ],
)
def test_lists_are_read_whatever_they_leave_out(document, total):
    assert read_list(document).total == total
    assert read_list(document).start_index == 1


# --- finding one


def test_a_target_that_ignores_the_filter_gives_nobody_elses_account():
    everybody = listed(user("ann", "1"), user("mia.b", "2"), user("xmia", "3"))
    assert find_user(everybody, "mia") is None


def test_total_results_alone_find_nobody():
    assert find_user(listed(totalResults=1), "mia") is None


def test_a_user_is_found_among_all_without_regard_to_case():
    found = find_user(listed(user("ann", "1"), user("MIA@Example.com", 2)), "mia@example.com")
    assert found is not None
    assert found.id == "2"


def test_two_users_of_one_name_are_not_chosen_between():
    with pytest.raises(SeveralMatch):
        find_user(listed(user("mia", "1"), user("Mia", "2")), "mia")


def test_the_same_user_listed_twice_is_one():
    found = find_user(listed(user("mia", "1"), user("mia", "1")), "mia")
    assert found is not None


def test_ids_are_compared_exactly():
    users = listed(user("a", "Mia", externalId="X"), user("b", "mia", externalId="x"))
    assert find_user_by_id(users, "externalId", "x").id == "mia"
    assert find_user_by_id(users, "id", "Mia").user_name == "a"
    assert find_user_by_id(users, "id", "MIA") is None


def test_a_group_is_found_by_name():
    groups = listed({"id": "g1", "displayName": "Engineering"}, {"id": "g2", "displayName": "Sales"})
    assert find_group(groups, "engineering").id == "g1"
    assert find_group(groups, "Eng") is None


# --- errors


def answered(status, body):
    return Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "detail", "scim_type"),
    [
        (
            {"schemas": [ERROR], "status": "409", "detail": "taken", "scimType": "uniqueness"},
            "taken",
            "uniqueness",
        ),
        ({"schemas": [ERROR], "status": 409, "detail": "taken"}, "taken", ""),
        ({"detail": "taken", "scimtype": "uniqueness"}, "taken", "uniqueness"),
        ({"error": "displayName is missing"}, "displayName is missing", ""),
        ({"error": "invalid_token", "error_description": "expired"}, "expired", ""),
        ({"message": "401 Unauthorized"}, "401 Unauthorized", ""),
        ({"Errors": [{"description": "old SCIM", "code": "409"}]}, "old SCIM", ""),
        ({"errors": {"email": ["taken"]}}, "HTTP status 409 without an explanation.", ""),
        ({"detail": {"nested": 1}}, "HTTP status 409 without an explanation.", ""),
        (b"", "HTTP status 409 without an explanation.", ""),
        (b"<html>Sign in</html>", "HTTP status 409 without an explanation.", ""),
        ([], "HTTP status 409 without an explanation.", ""),
    ],
)
def test_the_targets_own_words_are_found(body, detail, scim_type):
    read = read_error(answered(409, body))
    assert (read.status, read.detail, read.scim_type) == (409, detail, scim_type)


def test_the_status_of_http_counts_not_that_of_the_body():
    assert read_error(answered(429, {"detail": "slow down", "status": "400"})).status == 429


def test_a_secret_that_the_target_echoes_is_hidden():
    read = read_error(answered(401, {"detail": "bad token s3cret"}), hide=["s3cret", ""])
    assert read.detail == "bad token [hidden]"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "userName",
                    "name",
                    "Resources",
                    "totalResults",
                    "members",
                    "emails",
                    "value",
                    "detail",
                    "active",
                ]
            )
            | st.text(),
            inner,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_document_breaks_the_reader(document):
    for read in (read_user, read_group, read_list, lambda answer: find_user(answer, "mia")):
        with contextlib.suppress(ReadingError):
            read(document)
    body = json.dumps(document).encode()
    assert is_xml_text(read_error(Answer(400, {}, body)).detail)
