"""Responses written in their canonical form at once (docs/decisions/0022-what-a-sign-on-keeps.md).

Signing an element tree takes four canonicalisations. But all Responses of one form differ in values alone, so the form is
canonicalised once, by lxml, with marks in place of values, and the values are written into it the way that Canonical XML writes them.
The tests compare the result with lxml's, octet by octet. What is kept is the form, and nothing of anybody.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from apps.lib.xml import is_xml_text
from apps.saml.messages import Values, response_tree
from apps.saml.signing import Signer, canonical

ISSUER_ENDS = "</saml:Issuer>"
ASSERTION_BEGINS, ASSERTION_ENDS = "<saml:Assertion ", "</saml:Assertion>"
QUOTED = "_quoted"  # behind the name of a value that stands in an attribute


@dataclass(frozen=True, slots=True)
class Pieces:
    """In the message's order, cut where Signatures go: behind the two Issuers."""

    response: str
    status: str
    assertion: str
    statements: str
    end: str


def signed_response(values: Values, signer: Signer, *, sign_assertion: bool, sign_response: bool) -> bytes:
    """The octets of apps.saml.messages.response_tree, signed. Raises ValueError for what cannot stand in XML, as lxml does."""
    pieces = _filled(_pieces(tuple(values)), values)
    head, rest = pieces.assertion, pieces.statements
    if sign_assertion:
        rest = signer.signature_over((head + rest).encode(), values["assertion_id"]) + rest
    head, rest = pieces.response, pieces.status + head + rest + pieces.end
    if sign_response:
        rest = signer.signature_over((head + rest).encode(), values["response_id"]) + rest
    return (head + rest).encode()


@lru_cache(maxsize=256)
def _pieces(names: tuple[str, ...]) -> Pieces:
    """For str.format_map."""
    form = canonical(response_tree({name: f"{{{name}}}" for name in names})).decode()
    form = re.sub(r'="{(\w+)}"', rf'="{{\1{QUOTED}}}"', form)
    response, between, last = form.split(ISSUER_ENDS)
    status, begins, assertion = between.partition(ASSERTION_BEGINS)
    statements, ends, end = last.partition(ASSERTION_ENDS)
    return Pieces(response + ISSUER_ENDS, status, begins + assertion + ISSUER_ENDS, statements + ends, end)


def _filled(pieces: Pieces, values: Values) -> Pieces:
    if not is_xml_text("".join(values.values())):
        raise ValueError("A character that XML does not know.")
    written = {}
    for name, value in values.items():
        text = value.replace("&", "&amp;").replace("<", "&lt;").replace("\r", "&#xD;")
        written[name] = text.replace(">", "&gt;")
        text = text.replace('"', "&quot;").replace("\t", "&#x9;").replace("\n", "&#xA;")
        written[name + QUOTED] = text
    return Pieces(
        pieces.response.format_map(written),
        pieces.status.format_map(written),
        pieces.assertion.format_map(written),
        pieces.statements.format_map(written),
        pieces.end,
    )
