"""Responses are built by hand, so pysaml2, its XML schemas and libxmlsec1 say whether they are right; and no two signers share anything."""

import datetime as dt
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from saml2.samlp import STATUS_NO_PASSIVE, STATUS_RESPONDER, response_from_string
from saml2.validate import valid_instance
from saml2.xml.schema import XMLSchemaError, validate

from apps.lib.errors import SignatureRefused
from apps.lib.xml import is_xml_text, parse, verify
from apps.saml.canonical_responses import signed_response
from apps.saml.messages import ASSERTION, Envelope, response_tree, response_values, status_response
from apps.saml.models import BASIC, KeyPair, NameIdFormat, SignatureAlgorithm
from apps.saml.signing import Signer, signed
from apps.saml.statement import Attribute, Statement

NOW = dt.datetime(2026, 1, 31, 12, 0, tzinfo=dt.UTC)
TEXT = st.text(min_size=1, max_size=40).filter(is_xml_text)
ENVELOPE = Envelope("https://idp.example/m", "https://sp.example/m", "https://sp.example/acs", "_asked", NOW)
STATEMENT = Statement("bob", NameIdFormat.PERSISTENT, (Attribute("email", BASIC, ("bob@acme.example",)),))


@cache
def pair(keys):
    """A row as the database would give it, of a tenant of its own."""
    row = KeyPair.from_db(None, ["id", "tenant_id", "certificate"], [uuid4(), uuid4(), keys.certificate])
    row.private_key = keys.private_key
    return row


def values_of(statement=STATEMENT, envelope=ENVELOPE):
    hour = dt.timedelta(hours=1)
    return response_values(envelope, statement, signed_in_at=NOW, session_ends_at=NOW + hour)


def response(statement=STATEMENT, envelope=ENVELOPE):
    return response_tree(values_of(statement, envelope))


def signed_twice(keys, values, algorithm=SignatureAlgorithm.RSA_SHA256):
    signer = Signer(pair(keys), algorithm)
    return signed_response(values, signer, sign_assertion=True, sign_response=True)


@settings(max_examples=60)
@given(
    name_id=TEXT,
    issuer=TEXT,
    audience=TEXT,
    acs_url=TEXT,
    attributes=st.lists(st.tuples(TEXT, st.lists(TEXT, min_size=1, max_size=3)), min_size=1, max_size=4),
    solicited=st.booleans(),
    format_=st.sampled_from(NameIdFormat),
    algorithm=st.sampled_from(SignatureAlgorithm),
)
def test_whatever_the_values_pysaml2_reads_them_back_and_libxmlsec1_verifies_both_signatures(
    sp_keys, name_id, issuer, audience, acs_url, attributes, solicited, format_, algorithm
):
    envelope = Envelope(issuer, audience, acs_url, "_asked" if solicited else "", NOW)
    rows = tuple(Attribute(name, BASIC, tuple(values)) for name, values in attributes)
    xml = signed_twice(sp_keys, values_of(Statement(name_id, format_, rows), envelope), algorithm)

    root = parse(xml, max_bytes=250_000)
    verify(root, [sp_keys.certificate])
    verify(root.find(ASSERTION), [sp_keys.certificate])

    read = response_from_string(xml)
    assertion = read.assertion[0]
    confirmation = assertion.subject.subject_confirmation[0].subject_confirmation_data
    assert assertion.subject.name_id.text == name_id
    assert (read.issuer.text, assertion.issuer.text) == (issuer, issuer)
    assert assertion.conditions.audience_restriction[0].audience[0].text == audience
    assert (read.destination, confirmation.recipient) == (acs_url, acs_url)
    assert {read.in_response_to, confirmation.in_response_to} == {"_asked" if solicited else None}
    assert [
        (one.name, tuple(value.text for value in one.attribute_value))
        for one in assertion.attribute_statement[0].attribute
    ] == [(row.name, row.values) for row in rows]


def test_it_is_valid_for_pysaml2_and_the_schemas(sp_keys):
    xml = signed_twice(sp_keys, values_of()).decode()
    assert valid_instance(response_from_string(xml))
    validate(xml)
    with pytest.raises(XMLSchemaError):  # negative control
        validate(xml.replace("<saml:Audience>", "<saml:Audience><saml:Audience/>"))
    with pytest.raises(XMLSchemaError):  # the Signature stands behind the Issuer and nowhere else
        misplaced = etree.fromstring(xml)
        misplaced.append(misplaced[1])
        validate(etree.tostring(misplaced, encoding="unicode"))


def test_a_status_is_valid_and_its_codes_stand_inside_each_other(sp_keys):
    message = status_response(ENVELOPE, STATUS_RESPONDER, STATUS_NO_PASSIVE, message="Nobody & <nothing>")
    xml = signed(message, [message], key_pair=pair(sp_keys), algorithm=SignatureAlgorithm.RSA_SHA256).decode()
    validate(xml)
    verify(parse(xml.encode(), max_bytes=65536), [sp_keys.certificate])
    status = response_from_string(xml).status
    assert status.status_code.value == STATUS_RESPONDER
    assert status.status_code.status_code.value == STATUS_NO_PASSIVE
    assert status.status_message.text == "Nobody & <nothing>"


# --- two tenants at once


class Shared:
    """How keys get mixed up: one table for the process, as pysaml2's Redirect signer has it."""

    key_pair = None

    def __init__(self, key_pair, algorithm):
        Shared.key_pair = key_pair
        self.algorithm = algorithm

    def sign(self, element):
        Signer(Shared.key_pair, self.algorithm).sign(element)


def mixed_up(signer, tenants, rounds=60):
    """How many of two threads' responses the own certificate does not verify. Both have their signer before either signs."""
    together = threading.Barrier(2)

    def work(keys):
        wrong = 0
        for _ in range(rounds):
            message = response()
            together.wait(30)
            own = signer(pair(keys), SignatureAlgorithm.RSA_SHA256)
            together.wait(30)
            for part in (message.find(ASSERTION), message):
                own.sign(part)
            try:
                verify(parse(etree.tostring(message), max_bytes=65536), [keys.certificate])
            except SignatureRefused:
                wrong += 1
        return wrong

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(2) as pool:
            return sum(pool.map(work, tenants))
    finally:
        sys.setswitchinterval(interval)


def test_threads_of_two_tenants_never_sign_with_each_others_key(sp_keys, strangers_keys):
    assert mixed_up(Signer, [sp_keys, strangers_keys]) == 0
    assert mixed_up(Shared, [sp_keys, strangers_keys], rounds=5) >= 5  # negative control
