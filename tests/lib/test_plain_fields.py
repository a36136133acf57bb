"""Values in which nothing can be wrong are not asked about; all others are, and the refusals are the same."""

import pytest
from django.core.exceptions import ValidationError

from apps.directory.models import User
from apps.lib.plain_fields import clean_fields

TEXTS = [
    *(
        "",
        " ",
        "Mia",
        "Mia Example",
        "Ｍｉａ",
        "M\x00",
        "M\nia",
        "M\u202eia",
        "x" * 120,
        "x" * 121,
        "x" * 300,
    ),
    *(None, 7, True),
]
FIELDS = ["username", "email", "first_name", "timezone", "language", "active", "manager"]


def refused(ask, field, value):
    user = User(username="mia", email="mia@acme.example", password="!", username_key="m", email_key="m")
    setattr(user, field, value)
    try:
        ask(user)
    except ValidationError as error:
        return error.message_dict, getattr(user, field)
    return {}, getattr(user, field)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", TEXTS, ids=ascii)
def test_the_answer_is_djangos(field, value):
    exclude = {"tenant"}
    asked = [
        refused(lambda user: clean_fields(user, exclude=exclude), field, value),
        refused(lambda user: user.clean_fields(exclude=exclude), field, value),
    ]
    assert asked[0] == asked[1]


def test_some_are_refused():
    """The control of the test above."""
    assert refused(lambda user: clean_fields(user, exclude={"tenant"}), "first_name", "x" * 121)[0]
    assert not refused(lambda user: clean_fields(user, exclude={"tenant"}), "first_name", "x" * 120)[0]
