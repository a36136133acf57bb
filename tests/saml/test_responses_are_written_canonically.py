"""What is written in canonical form at once is, octet by octet, what lxml makes of the element tree: unsigned, and signed once or twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.lib.xml import is_xml_text
from apps.saml import canonical_responses
from apps.saml.canonical_responses import signed_response
from apps.saml.messages import ASSERTION, Envelope, response_tree
from apps.saml.models import BASIC, NameIdFormat, SignatureAlgorithm
from apps.saml.signing import Signer, canonical
from apps.saml.statement import Attribute, Statement
from tests.saml.test_messages_are_what_the_schema_says import NOW, pair, values_of

SPECIAL = st.sampled_from(
    [
        "&",
        "<",
        ">",
        '"',
        "'",
        "\r",
        "\n",
        "\t",
        "]]>",
        "&amp;",
        "&#xD;",
        "{issuer}",
        "{",
        "}",
        "</saml:Issuer>",
        "<saml:Assertion ",
    ]
)
TEXT = st.lists(SPECIAL | st.text(max_size=8).filter(is_xml_text), max_size=5).map("".join)


@st.composite
def values(draw):
    attributes = tuple(
        Attribute(draw(TEXT), draw(TEXT), tuple(draw(st.lists(TEXT, max_size=3))))
        for _ in range(draw(st.integers(0, 3)))
    )
    statement = Statement(draw(TEXT), draw(st.sampled_from(NameIdFormat)), attributes)
    envelope = Envelope(draw(TEXT), draw(TEXT), draw(TEXT), draw(TEXT), NOW)
    return values_of(statement, envelope)


@settings(max_examples=150)
@given(values(), st.booleans(), st.booleans(), st.sampled_from(SignatureAlgorithm))
def test_it_is_what_lxml_writes(sp_keys, values, sign_assertion, sign_response, algorithm):
    """RSASSA-PKCS1-v1_5 gives the same signature for the same octets, so two that are equal were made over the same."""
    signer, tree = Signer(pair(sp_keys), algorithm), response_tree(values)
    if sign_assertion:
        signer.sign(tree.find(ASSERTION))
    if sign_response:
        signer.sign(tree)
    made = signed_response(values, signer, sign_assertion=sign_assertion, sign_response=sign_response)
    assert made == canonical(tree)


@pytest.mark.parametrize("illegal", ["\0", "\x0b", "\ud800", "\ufffe", "\uffff"])
@pytest.mark.parametrize("name", ["name_id", "issuer", "acs_url", "attribute_0_value_0"])
def test_what_cannot_stand_in_xml_is_an_error(sp_keys, name, illegal):
    """As a last resort: such characters are refused at every door (tests/security/saml/test_names_enter.py)."""
    values = values_of() | {name: f"a{illegal}b"}
    signer = Signer(pair(sp_keys), SignatureAlgorithm.RSA_SHA256)
    with pytest.raises(ValueError, match="XML"):
        signed_response(values, signer, sign_assertion=True, sign_response=True)


def test_a_form_holds_no_value():
    statement = Statement("somebody", NameIdFormat.PERSISTENT, (Attribute("email", BASIC, ("a@b.example",)),))
    values = values_of(statement)
    pieces = canonical_responses._pieces(tuple(values))
    text = "".join(getattr(pieces, name) for name in pieces.__slots__)
    assert [value for value in values.values() if value in text] == []
    assert [name for name in values if f"{{{name}" not in text] == []
