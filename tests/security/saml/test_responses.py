"""
S12: what leaves here is believed by three readers that are not ours, python3-saml, signxml and the xmlsec1 program, and nothing that
differs from it by a byte is believed by any of them.
"""

import datetime as dt
import os
import random

import pytest
import time_machine
from django.utils import timezone
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from signxml.exceptions import InvalidInput, SignXMLException

from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import NS, authn_request, followed, posted, python3_saml, redirect
from tests.saml.test_responses_are_believed_by_others import _inside_unsigned_part, _means_the_same
from tests.saml.verifiers import PROGRAM, signed_elements, signxml_takes, xmlsec1_takes

pytestmark = pytest.mark.django_db

WITHOUT_PROGRAM = pytest.mark.skipif(
    PROGRAM is None and os.environ.get("CI") != "true", reason="the xmlsec1 program is not installed"
)
REFUSALS = (
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
    SignXMLException,
    InvalidInput,
    etree.LxmlError,
    ValueError,
    TypeError,
)
WAYS = ("launched", "asked for")
PARTS = {
    "both": {},
    "the response": {"sign_assertion": False},
    "the assertion": {"sign_response": False},
}


@pytest.fixture
def certificate(wiki):
    with in_tenant(wiki.tenant):
        return certificates_of(wiki)[0].certificate


@pytest.fixture
def sent(engineer, wiki, system):
    """What the browser carries to the application, by the whole way over HTTP."""

    def send(way="launched", **settings):
        with in_tenant(engineer.tenant):
            update_sso(sso_of(wiki), actor=system, **settings)
        if way == "launched":
            return posted(engineer.get("/launch/wiki"))
        answer = engineer.client.get(
            "/t/acme/saml2/wiki", QUERY_STRING=redirect(authn_request(request_id="_asked"))
        )
        return posted(followed(engineer.client, answer))

    return send


def read_by(reader, xml, certificate, elements):
    """Raises one of REFUSALS, or AssertionError, where the reader does not believe it."""
    if reader == "python3-saml":
        python3_saml(xml, certificate)
    elif reader == "signxml":
        signxml_takes(xml, certificate)
        assert [(node.tag, node.get("ID")) for node in signed_elements(xml)] == elements
    else:
        assert xmlsec1_takes(xml, certificate, elements)


READERS = ["python3-saml", "signxml", pytest.param("xmlsec1", marks=WITHOUT_PROGRAM)]


@pytest.mark.parametrize("reader", READERS)
def test_200_random_bytes_are_refused(sent, certificate, reader):
    """Seeded, so that a failure can be repeated. A byte that changes nothing of what is signed is no change: another is drawn."""
    xml = sent().xml
    elements = [(node.tag, node.get("ID")) for node in signed_elements(xml)]
    read_by(reader, xml, certificate, elements)  # negative control
    canonical = etree.tostring(etree.fromstring(xml), method="c14n")
    random_, refused = random.Random(f"saml {reader}"), 0
    while refused < 200:
        place, octet = random_.randrange(len(xml)), random_.randrange(256)
        changed = xml[:place] + bytes([octet]) + xml[place + 1 :]
        if _means_the_same(changed, canonical) or _inside_unsigned_part(changed, canonical):
            continue
        with pytest.raises((AssertionError, *REFUSALS)):
            read_by(reader, changed, certificate, elements)
        refused += 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("signed", PARTS)
@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha384", "rsa-sha512"])
def test_every_choice_is_believed_by_two_others(sent, certificate, strangers_keys, way, signed, algorithm):
    xml = sent(way, signature_algorithm=algorithm, **PARTS[signed]).xml
    assert len(signed_elements(xml)) == (2 if signed == "both" else 1)
    signxml_takes(xml, certificate)
    with pytest.raises(REFUSALS):  # negative control
        signxml_takes(xml, strangers_keys.certificate)
    if PROGRAM:
        assert xmlsec1_takes(xml, certificate)
        assert not xmlsec1_takes(xml, strangers_keys.certificate)


# --- what it says, whichever way it was asked for


@pytest.mark.parametrize("way", WAYS)
def test_to_whom_from_whom_about_what_and_for_how_long(sent, way):
    made = sent(way)
    root = made.root
    assert made.action == root.get("Destination") == ACS
    assert [node.text for node in root.iter(f"{{{NS['saml']}}}Audience")] == [SP]
    data = made.one("//saml:SubjectConfirmationData")
    assert data.get("Recipient") == ACS
    asked = None if way == "launched" else "_asked"
    assert root.get("InResponseTo") == data.get("InResponseTo") == asked
    conditions, statement = made.one("//saml:Conditions"), made.one("//saml:AuthnStatement")
    begins, ends = (dt.datetime.fromisoformat(conditions.get(name)) for name in ("NotBefore", "NotOnOrAfter"))
    assert ends - begins == dt.timedelta(minutes=6)
    assert dt.datetime.fromisoformat(data.get("NotOnOrAfter")) == ends
    assert dt.datetime.fromisoformat(statement.get("SessionNotOnOrAfter")) <= timezone.now() + dt.timedelta(
        days=14
    )


@pytest.mark.parametrize("way", WAYS)
def test_it_is_built_so_that_readers_cannot_disagree(sent, way):
    """ruby-saml's CVE-2025-25291 and its kin: one assertion, an ID each, no comment, no DOCTYPE, one canonicalisation."""
    xml = sent(way).xml
    root = etree.fromstring(xml)
    assert len(root.findall(f".//{{{NS['saml']}}}Assertion")) == 1
    ids = [value for node in root.iter() for name, value in node.items() if name.lower() == "id"]
    assert len(ids) == len(set(ids)) == 2
    assert all(len(one) == 41 for one in ids)  # "_" and 160 bits (A16)
    assert b"<!" not in xml
    assert b"<?" not in xml.removeprefix(b"<?xml")
    assert all(isinstance(node.tag, str) for node in root.iter())
    algorithms = {node.get("Algorithm") for node in root.iter() if node.get("Algorithm")}
    assert not [one for one in algorithms if "sha1" in one or "md5" in one or "WithComments" in one]
    for reference in root.iter(f"{{{NS['ds']}}}Reference"):
        holder = reference.getparent().getparent().getparent()
        assert reference.get("URI") == f"#{holder.get('ID')}"


# --- clocks (S17)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_web_process_whose_clock_is_wrong_makes_nothing_that_lasts(
    sent, certificate, engineer, wiki, hours
):
    """Assertions are dated by the web process's clock. Two hours off they are refused by everybody else: too late or too early, never longer."""
    with time_machine.travel(timezone.now() + dt.timedelta(hours=hours), tick=False):
        made = sent()
        wrong = timezone.now()
        python3_saml(made.xml, certificate)  # negative control: by its own clock it is good
    conditions = made.one("//saml:Conditions")
    assert dt.datetime.fromisoformat(conditions.get("NotOnOrAfter")) <= wrong + dt.timedelta(minutes=5)
    with pytest.raises(OneLogin_Saml2_ValidationError, match=r"Timing issues|expired|not yet valid"):
        python3_saml(made.xml, certificate)


@pytest.mark.parametrize("hours", [-2, 2])
def test_requests_of_a_clock_that_is_wrong_are_refused_in_words(engineer, wiki, hours):
    with time_machine.travel(timezone.now() + dt.timedelta(hours=hours), tick=False):
        query = redirect(authn_request())
    answer = engineer.client.get("/t/acme/saml2/wiki", QUERY_STRING=query)
    assert answer.status_code == 400
    assert "a clock is wrong" in answer.content.decode()
