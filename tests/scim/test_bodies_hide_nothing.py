"""A body of which every letter can be seen is not walked through; what the walk would refuse, it never has."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.lib.scim.errors import ScimError
from apps.scim import bodies

TEXTS = st.text(alphabet=st.sampled_from('aé"\\/\n\x00\x1f\x7f\ufffe\ud800😀 '), max_size=6)
DOCUMENTS = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=40,
)


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


def is_refused(document: Any) -> bool:
    try:
        bodies._check_each_text(document)
    except ScimError:
        return True
    return False


@given(document=DOCUMENTS, ascii_only=st.booleans())
@example(document=nested(bodies.DEEPEST - 2), ascii_only=True)
@example(document=nested(bodies.DEEPEST - 1), ascii_only=True)
@example(document=nested(bodies.DEEPEST), ascii_only=True)
@example(document={"userName": "\ufffe"}, ascii_only=False)
@example(document={"\x1f": 1}, ascii_only=True)
def test_what_shows_its_letters_would_not_be_refused(document: Any, ascii_only: bool) -> None:
    body = json.dumps({"x": document}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        read = bodies._parsed(body)
    except ScimError:
        return
    if bodies._shows_its_letters(body):
        assert not is_refused(read)


@pytest.mark.parametrize("document", [{"userName": "\x1f"}, nested(bodies.DEEPEST), ["\ufffe"]], ids=ascii)
def test_others_are_walked_through(document: Any) -> None:
    """The control: the walk does refuse, and would not come to it."""
    assert is_refused(json.loads(json.dumps(document)))
    assert not bodies._shows_its_letters(json.dumps(document).encode())


def test_most_bodies_show_their_letters() -> None:
    body = json.dumps({"userName": "mia", "emails": [{"value": "mia@acme.example"}]})
    assert bodies._shows_its_letters(body.encode())
