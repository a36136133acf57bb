"""Every response is read by implementations that are not ours: python3-saml in strict mode and the xmlsec1 program."""

import datetime as dt
import os
import random
import shutil
import subprocess

import pytest
from django.utils import timezone
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError

from apps.directory.actions import update_user
from apps.events.actors import Actor
from apps.lib.errors import XmlError
from apps.lib.xml import parse, verify
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.issuing import Issued, PortalSession, Wish, issue
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import IDP, NS, Posted, python3_saml

pytestmark = pytest.mark.django_db

PROGRAM = shutil.which("xmlsec1")


@pytest.fixture
def issued(engineer, wiki):
    """A function: settings in, Posted out."""

    def make(wish=None, **settings):
        with in_tenant(engineer.tenant):
            update_sso(sso_of(wiki), actor=Actor.system(), **settings)
            now = timezone.now()
            session = PortalSession(now - dt.timedelta(minutes=9), now + dt.timedelta(hours=3))
            made = issue(engineer.user, wiki, wish or Wish(), actor=Actor.system(), session=session)
        assert isinstance(made, Issued), made
        return Posted(made.acs_url, made.xml, None)

    return make


@pytest.fixture
def certificate(engineer, wiki):
    with in_tenant(engineer.tenant):
        return certificates_of(wiki)[0].certificate


def test_python3_saml_takes_it(issued, certificate):
    read = python3_saml(issued().xml, certificate)
    assert read.get_nameid() == "bob@acme.example"
    assert read.get_attributes() == {
        "email": ["bob@acme.example"],
        "firstName": ["Bob"],
        "lastName": ["Example"],
    }


def test_python3_saml_takes_the_answer_to_its_request_and_no_other(issued, certificate):
    xml = issued(Wish(in_response_to="_asked")).xml
    python3_saml(xml, certificate, request_id="_asked")
    with pytest.raises(OneLogin_Saml2_ValidationError):
        python3_saml(xml, certificate, request_id="_other")


def test_python3_saml_refuses_it_elsewhere(issued, certificate, strangers_keys):  # negative control
    xml = issued().xml
    with pytest.raises(OneLogin_Saml2_ValidationError):
        python3_saml(xml, strangers_keys.certificate)
    with pytest.raises(OneLogin_Saml2_ValidationError):
        python3_saml(xml, certificate, destination="https://sp.example/other")


@pytest.mark.skipif(
    PROGRAM is None and os.environ.get("CI") != "true", reason="the xmlsec1 program is not installed"
)
@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha384", "rsa-sha512"])
def test_the_xmlsec1_program_verifies_both_signatures(issued, certificate, tmp_path, algorithm):
    posted = issued(signature_algorithm=algorithm)
    (tmp_path / "certificate.pem").write_text(certificate)
    (tmp_path / "good.xml").write_bytes(posted.xml)
    (tmp_path / "bad.xml").write_bytes(posted.xml.replace(b"bob@acme", b"eve@acme"))

    def verified(file, element):
        run = subprocess.run(
            [PROGRAM, "--verify", "--pubkey-cert-pem", "certificate.pem", "--id-attr:ID", element, "--node-id",
             posted.root.get("ID") if element.endswith("Response") else posted.one("//saml:Assertion").get("ID"), file],
            cwd=tmp_path, capture_output=True, check=False,
        )  # fmt: skip
        return run.returncode == 0

    for element in (f"{NS['samlp']}:Response", f"{NS['saml']}:Assertion"):
        assert verified("good.xml", element)
        assert not verified("bad.xml", element)  # negative control


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha384", "rsa-sha512"])
def test_only_the_chosen_algorithms_stand_in_it(issued, certificate, algorithm):
    posted = issued(signature_algorithm=algorithm)
    used = {node.get("Algorithm") for node in posted.root.iter() if node.get("Algorithm")}
    size = algorithm.removeprefix("rsa-")
    digest = {"sha256": "xmlenc#sha256", "sha384": "xmldsig-more#sha384", "sha512": "xmlenc#sha512"}[size]
    assert used == {
        f"http://www.w3.org/2001/04/xmldsig-more#{algorithm}",
        f"http://www.w3.org/2001/04/{digest}",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    }
    root = parse(posted.xml, max_bytes=65536)
    assert verify(root, [certificate]).get("ID") == posted.root.get("ID")
    assertion = verify(root.find(f"{{{NS['saml']}}}Assertion"), [certificate])
    assert assertion.get("ID") == posted.one("//saml:Assertion").get("ID")


@pytest.mark.parametrize(
    ("switches", "signed"),
    [
        ({}, ["Response", "Assertion"]),
        ({"sign_assertion": False}, ["Response"]),
        ({"sign_response": False}, ["Assertion"]),
    ],
)
def test_what_is_to_be_signed_is_signed_with_the_certificate_inside(issued, certificate, switches, signed):
    posted = issued(**switches)
    signatures = posted.root.xpath("//ds:Signature", namespaces=NS)
    assert [etree.QName(node.getparent()).localname for node in signatures] == signed
    embedded = posted.root.xpath("//ds:X509Certificate/text()", namespaces=NS)
    assert set(embedded) == {"".join(certificate.split("\n")[1:-2])}


def test_who_to_whom_when_and_for_how_long_is_exact(issued):
    posted = issued()
    root = posted.root
    assert root.get("Destination") == ACS == posted.action
    assert {node.text for node in root.iter(f"{{{NS['saml']}}}Issuer")} == {IDP}
    assert posted.one("//saml:Audience").text == SP
    data = posted.one("//saml:SubjectConfirmationData")
    conditions = posted.one("//saml:Conditions")
    assert data.get("Recipient") == ACS
    made = dt.datetime.fromisoformat(root.get("IssueInstant"))
    assert abs(timezone.now() - made) < dt.timedelta(seconds=10)
    until = made + dt.timedelta(minutes=5)
    assert dt.datetime.fromisoformat(conditions.get("NotBefore")) == made - dt.timedelta(seconds=60)
    assert dt.datetime.fromisoformat(conditions.get("NotOnOrAfter")) == until
    assert dt.datetime.fromisoformat(data.get("NotOnOrAfter")) == until
    statement = posted.one("//saml:AuthnStatement")
    assert dt.datetime.fromisoformat(statement.get("AuthnInstant")) <= made - dt.timedelta(minutes=8)
    assert dt.datetime.fromisoformat(statement.get("SessionNotOnOrAfter")) >= made + dt.timedelta(hours=2)
    assert "SPNameQualifier" not in posted.xml.decode()


def test_an_unsolicited_response_names_no_request(issued):
    assert b"InResponseTo" not in issued().xml


def test_an_answer_names_its_request_in_both_places(issued):
    posted = issued(Wish(in_response_to="_asked"))
    assert posted.root.get("InResponseTo") == "_asked"
    assert posted.one("//saml:SubjectConfirmationData").get("InResponseTo") == "_asked"


def test_ids_are_160_random_bits_and_never_the_same(issued):
    ids = [node.get("ID") for _ in range(3) for node in issued().root.iter() if node.get("ID")]
    assert len(set(ids)) == len(ids) == 6
    assert all(len(one) == 41 and one[0] == "_" for one in ids)


# --- what it says about the person


def attributes(posted):
    return {
        (node.get("Name"), node.get("NameFormat").rpartition(":")[2]): [value.text for value in node]
        for node in posted.root.iter(f"{{{NS['saml']}}}Attribute")
    }


def test_attributes_go_out_exactly_as_configured(issued, certificate):
    rows = [
        {"name": "email", "source": "email", "name_format": "basic"},
        {"name": "urn:oid:2.5.4.42", "source": "first_name", "name_format": "uri"},
        {"name": "Anzeige & <Name>", "source": "full_name", "name_format": "unspecified"},
        {"name": "plan", "constant": "gold ' \" < & ä"},
        {"name": "off", "source": "email", "enabled": False},
        {"name": "empty", "source": "work_phone"},
    ]
    posted = issued(attributes=rows)
    assert attributes(posted) == {
        ("email", "basic"): ["bob@acme.example"],
        ("urn:oid:2.5.4.42", "uri"): ["Bob"],
        ("Anzeige & <Name>", "unspecified"): ["Bob Example"],
        ("plan", "basic"): ["gold ' \" < & ä"],
    }
    python3_saml(posted.xml, certificate)


def test_without_any_attribute_the_email_goes_out(issued, certificate):
    posted = issued(attributes=[])
    assert attributes(posted) == {("email", "basic"): ["bob@acme.example"]}
    python3_saml(posted.xml, certificate)


def test_groups_go_out_only_if_bound_and_only_when_switched_on(issued, engineer, system):
    from apps.directory.actions import add_group, add_member

    with in_tenant(engineer.tenant):
        add_member(add_group(actor=system, name="Salary committee"), engineer.user, actor=system)
    assert ("memberOf", "basic") not in attributes(issued())
    assert attributes(issued(include_groups=True))["memberOf", "basic"] == ["Engineering"]
    renamed = issued(groups_attribute_name="Groups", groups_name_format="unspecified")
    assert attributes(renamed)["Groups", "unspecified"] == ["Engineering"]
    everywhere = attributes(issued(groups_sent="all"))
    assert everywhere["Groups", "unspecified"] == ["Engineering", "Salary committee"]


@pytest.mark.parametrize(
    ("format_", "urn"),
    [
        ("emailAddress", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
        ("unspecified", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
        ("persistent", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
    ],
)
def test_the_name_id_has_the_chosen_format_and_value(issued, format_, urn):
    name_id = issued(name_id_format=format_, name_id_source="username").one("//saml:NameID")
    assert (name_id.get("Format"), name_id.text, dict(name_id.attrib)) == (urn, "bob", {"Format": urn})


def test_a_transient_name_id_is_new_each_time(issued):
    texts = [issued(name_id_format="transient").one("//saml:NameID").text for _ in range(2)]
    assert texts[0] != texts[1]
    assert "bob" not in "".join(texts)


@pytest.mark.parametrize("name", ["</saml:NameID><x>", "<!---->", "a&b;", "“Zoë” 🚪", "]]>", "  "])
def test_names_arrive_as_they_were_typed(issued, engineer, certificate, system, name):
    with in_tenant(engineer.tenant):
        update_user(engineer.user, actor=system, first_name=name)
    read = python3_saml(issued().xml, certificate)
    assert read.get_attributes().get("firstName", [""]) == [name.strip()]


# --- tampering


def test_no_changed_byte_goes_through(issued, certificate):
    """200 random ones; both readers, the product's own verification included, refuse each that changes the document."""
    xml = issued().xml
    python3_saml(xml, certificate)
    canonical = etree.tostring(etree.fromstring(xml), method="c14n")
    random_ = random.Random(20260)
    refused = 0
    while refused < 200:
        place, octet = random_.randrange(len(xml)), random_.randrange(32, 127)
        changed = xml[:place] + bytes([octet]) + xml[place + 1 :]
        if _means_the_same(changed, canonical) or _inside_unsigned_part(changed, canonical):
            continue
        with pytest.raises(
            (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, etree.XMLSyntaxError, ValueError)
        ):
            python3_saml(changed, certificate)
        with pytest.raises(XmlError):
            verify(parse(changed, max_bytes=65536), [certificate])
        refused += 1


def _means_the_same(xml, canonical):
    """A quote swapped for its like, or blanks between attributes: another octet, the same document."""
    try:
        return etree.tostring(etree.fromstring(xml), method="c14n") == canonical
    except etree.XMLSyntaxError:
        return False


def _inside_unsigned_part(xml, canonical):
    """The response's own KeyInfo and the layout of its base64 are not signed, and neither reader believes them."""
    try:
        root, original = etree.fromstring(xml), etree.fromstring(canonical)
    except etree.XMLSyntaxError:
        return False
    for document in (root, original):
        for info in document.xpath("/*/ds:Signature/ds:KeyInfo", namespaces=NS):
            info.getparent().remove(info)
    return etree.tostring(root, method="c14n") == etree.tostring(original, method="c14n")
