import copy
import datetime as dt

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from apps.lib.crypto import KeyPairPem, new_key_pair
from apps.lib.xml import ALGORITHMS, DS, SignatureRefused, parse, verify

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
RESPONSE = f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_response"><saml:Issuer>idp</saml:Issuer>
<saml:Assertion ID="_assertion"><saml:Issuer>idp</saml:Issuer><saml:Subject><saml:NameID>mia</saml:NameID></saml:Subject></saml:Assertion>
</samlp:Response>"""
T = xmlsec.constants


@pytest.fixture(scope="module")
def ours():
    return new_key_pair("ours", 30)


@pytest.fixture(scope="module")
def theirs():
    return new_key_pair("theirs", 30)


@pytest.fixture(scope="module")
def elliptic():
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = x509.load_pem_x509_certificate(new_key_pair("x", 30).certificate.encode())
    built = x509.CertificateBuilder(
        certificate.issuer,
        certificate.subject,
        key.public_key(),
        1,
        certificate.not_valid_before_utc - dt.timedelta(days=99),
        certificate.not_valid_before_utc - dt.timedelta(days=1),
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPairPem(private.decode(), built.sign(key, hashes.SHA256()).public_bytes(pem).decode())


def key_of(pair):
    key = xmlsec.Key.from_memory(pair.private_key, T.KeyDataFormatPem)
    key.load_cert_from_memory(pair.certificate, T.KeyDataFormatPem)
    return key


def sign(
    element,
    key,
    *,
    method=T.TransformRsaSha256,
    digest=T.TransformSha256,
    c14n=T.TransformExclC14N,
    transforms=None,
    uri=None,
    references=1,
):
    template = xmlsec.template.create(element, c14n, method, ns="ds")
    element.insert(1, template)
    for _ in range(references):
        reference = xmlsec.template.add_reference(
            template, digest, uri=f"#{element.get('ID')}" if uri is None else uri
        )
        for transform in transforms or [T.TransformEnveloped, T.TransformExclC14N]:
            xmlsec.template.add_transform(reference, transform)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template))
    context = xmlsec.SignatureContext()
    context.key = key
    context.register_id(element, "ID")
    context.sign(template)


def response():
    return etree.fromstring(RESPONSE)


def assertion_of(root):
    return root.find(f"{{{SAML}}}Assertion")


def reread(root):
    """As it would arrive."""
    return parse(etree.tostring(root), max_bytes=10**6)


def name_in(element):
    path = f"{{{SAML}}}Subject/{{{SAML}}}NameID"
    return element.findtext(path) or element.findtext(f"{{{SAML}}}Assertion/{path}")


@pytest.fixture
def signed_response(ours):
    root = response()
    sign(root, key_of(ours))
    return reread(root)


@pytest.fixture
def signed_assertion(ours):
    root = response()
    sign(assertion_of(root), key_of(ours))
    return reread(root)


# --- refusals


def test_an_unsigned_element_is_refused(ours):
    with pytest.raises(SignatureRefused, match="exactly one Signature"):
        verify(response(), [ours.certificate])


def test_a_signature_on_the_assertion_does_not_vouch_for_the_response(signed_assertion, ours):
    with pytest.raises(SignatureRefused):
        verify(signed_assertion, [ours.certificate])


def test_somebody_elses_key_is_refused_although_their_certificate_comes_along(ours, theirs):
    root = response()
    sign(root, key_of(theirs))
    assert theirs.certificate.splitlines()[1][:40] in etree.tostring(root).decode()
    with pytest.raises(SignatureRefused, match="does not match"):
        verify(reread(root), [ours.certificate])


def test_no_certificate_verifies_nothing(signed_response):
    with pytest.raises(SignatureRefused):
        verify(signed_response, [])


@pytest.mark.parametrize(
    "certificate", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_broken_certificate_verifies_nothing(certificate, signed_response):
    with pytest.raises(SignatureRefused):
        verify(signed_response, [certificate])


def test_changed_text_is_refused(signed_response, ours):
    signed_response.find(f".//{{{SAML}}}NameID").text = "eve"
    with pytest.raises(SignatureRefused):
        verify(signed_response, [ours.certificate])


@pytest.mark.parametrize("place", ["DigestValue", "SignatureValue", "NameID", "root"])
def test_a_comment_anywhere_is_refused(place, signed_response, ours):
    comment = etree.Comment("x")
    if place == "root":
        signed_response.insert(0, comment)
    else:
        node = next(node for node in signed_response.iter() if etree.QName(node).localname == place)
        comment.tail, node.text = node.text[1:], node.text[:1]
        node.insert(0, comment)
    with pytest.raises(SignatureRefused, match="comments"):
        verify(signed_response, [ours.certificate])


def test_a_comment_is_invisible_to_the_signature_alone(signed_response, ours):
    name = signed_response.find(f".//{{{SAML}}}NameID")
    comment = etree.Comment("x")
    comment.tail, name.text = name.text[1:], name.text[:1]
    name.insert(0, comment)
    context = xmlsec.SignatureContext()
    context.key = key_of(ours)
    context.register_id(signed_response, "ID")
    context.verify(signed_response.find(f"{DS}Signature"))
    assert name.text == "m"


@pytest.mark.parametrize(
    "options",
    [
        {"method": T.TransformRsaSha1},
        {"digest": T.TransformSha1},
        {"c14n": T.TransformInclC14N},
        {"c14n": T.TransformExclC14NWithComments},
        {"transforms": [T.TransformEnveloped]},
        {"transforms": [T.TransformExclC14N]},
        {"transforms": [T.TransformEnveloped, T.TransformExclC14NWithComments]},
        {"transforms": [T.TransformEnveloped, T.TransformExclC14N, T.TransformExclC14N]},
        {"uri": ""},
        {"uri": "#_assertion"},
        {"references": 2},
    ],
    ids=str,
)
def test_any_other_form_of_signature_is_refused(options, ours):
    root = response()
    assertion = assertion_of(root)
    xmlsec.tree.add_ids(root, ["ID"])
    sign(root, key_of(ours), **options)
    assert assertion is not None
    with pytest.raises(SignatureRefused):
        verify(reread(root), [ours.certificate])


def test_an_hmac_made_with_the_public_certificate_is_refused(ours):
    root = response()
    secret = xmlsec.Key.from_binary_data(T.KeyDataHmac, ours.certificate.encode())
    template = xmlsec.template.create(root, T.TransformExclC14N, T.TransformHmacSha256, ns="ds")
    root.insert(1, template)
    reference = xmlsec.template.add_reference(template, T.TransformSha256, uri="#_response")
    xmlsec.template.add_transform(reference, T.TransformEnveloped)
    xmlsec.template.add_transform(reference, T.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = secret
    context.register_id(root, "ID")
    context.sign(template)
    with pytest.raises(SignatureRefused, match="algorithm"):
        verify(reread(root), [ours.certificate])


def test_a_caller_can_accept_fewer_algorithms(signed_response, ours):
    with pytest.raises(SignatureRefused, match="algorithm"):
        verify(
            signed_response, [ours.certificate], algorithms={name for name in ALGORITHMS if "sha512" in name}
        )


@pytest.mark.parametrize("name", ["Object", "SignedInfo", "SignatureValue", "KeyInfo", "Manifest"])
def test_more_inside_the_signature_is_refused(name, signed_response, ours):
    signature = signed_response.find(f"{DS}Signature")
    extra = signature.find(f"{DS}{name}")
    signature.append(etree.Element(f"{DS}{name}") if extra is None else copy.deepcopy(extra))
    with pytest.raises(SignatureRefused):
        verify(signed_response, [ours.certificate])


def test_two_signatures_on_one_element_are_refused(signed_response, ours):
    signed_response.append(copy.deepcopy(signed_response.find(f"{DS}Signature")))
    with pytest.raises(SignatureRefused, match="exactly one Signature"):
        verify(signed_response, [ours.certificate])


@pytest.mark.parametrize(
    "attribute", ["ID", "Id", "id", "AssertionID", "{http://www.w3.org/XML/1998/namespace}id"]
)
def test_a_second_bearer_of_the_id_is_refused(attribute, signed_assertion, ours):
    signed_assertion.find(f"{{{SAML}}}Issuer").set(attribute, "_assertion")
    with pytest.raises(SignatureRefused, match="same ID"):
        verify(assertion_of(signed_assertion), [ours.certificate])


# --- signature wrapping: the eight arrangements of Somorovsky et al., "On Breaking SAML" (2012)


def forged(signed):
    """What the attacker wants to be read; it has no signature yet."""
    copied = without_signature(signed)
    copied.set("ID", "_evil")
    copied.find(f".//{{{SAML}}}NameID").text = "eve"
    return copied


def without_signature(signed):
    copied = copy.deepcopy(signed)
    copied.remove(copied.find(f"{DS}Signature"))
    return copied


def wrapped_response(number, genuine):
    """1: the genuine response inside the signature of the forged one; 2: beside it."""
    root, signature = forged(genuine), copy.deepcopy(genuine.find(f"{DS}Signature"))
    root.insert(1, signature)
    (signature if number == 1 else root).append(without_signature(genuine))
    return reread(root)


def wrapped_assertion(number, root):
    genuine = assertion_of(root)
    evil, signature = forged(genuine), copy.deepcopy(genuine.find(f"{DS}Signature"))
    root.replace(genuine, evil)
    if number == 3:
        root.append(genuine)
    elif number == 4:
        evil.append(genuine)
    elif number == 7:
        etree.SubElement(root, f"{{{SAMLP}}}Extensions").append(genuine)
    else:
        evil.insert(1, signature)
        inside = etree.SubElement(signature, f"{DS}Object") if number == 8 else signature
        (root if number == 5 else inside).append(without_signature(genuine))
    return reread(root)


@pytest.mark.parametrize("number", [1, 2])
def test_wrapping_a_signed_response_is_refused(number, signed_response, ours):
    document = wrapped_response(number, signed_response)
    assert name_in(document) == "eve"
    with pytest.raises(SignatureRefused):
        verify(document, [ours.certificate])


@pytest.mark.parametrize("number", range(3, 9))
def test_wrapping_a_signed_assertion_never_verifies_the_forged_one(number, signed_assertion, ours):
    document = wrapped_assertion(number, signed_assertion)
    with pytest.raises(SignatureRefused):
        verify(document, [ours.certificate])
    with pytest.raises(SignatureRefused):
        verify(assertion_of(document), [ours.certificate])


@pytest.mark.parametrize("number", [3, 4, 5, 7])
def test_a_reader_that_verifies_some_signature_and_reads_the_first_assertion_is_fooled(
    number, signed_assertion, ours
):
    document = wrapped_assertion(number, signed_assertion)
    context = xmlsec.SignatureContext()
    context.key = key_of(ours)
    xmlsec.tree.add_ids(document, ["ID"])
    context.verify(next(document.iter(f"{DS}Signature")))
    assert name_in(document) == "eve"


# --- what is believed


def test_a_signed_response_is_returned_without_its_signature_and_on_its_own(signed_response, ours, theirs):
    verified = verify(signed_response, [theirs.certificate, ours.certificate])
    assert name_in(verified) == "mia"
    assert verified.find(f".//{DS}Signature") is None
    assert signed_response.find(f"{DS}Signature") is not None


def test_a_verified_assertion_leads_nowhere_outside_itself(signed_assertion, ours):
    verified = verify(assertion_of(signed_assertion), [ours.certificate])
    assert name_in(verified) == "mia"
    assert verified.getparent() is None
    assert verified.getroottree().getroot() is verified


def test_response_and_assertion_may_both_be_signed(ours):
    root = response()
    sign(assertion_of(root), key_of(ours))
    sign(root, key_of(ours))
    arrived = reread(root)
    assert name_in(verify(arrived, [ours.certificate])) == "mia"
    assert name_in(verify(assertion_of(arrived), [ours.certificate])) == "mia"


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (T.TransformRsaSha256, T.TransformSha256),
        (T.TransformRsaSha384, T.TransformSha384),
        (T.TransformRsaSha512, T.TransformSha512),
    ],
    ids=["sha256", "sha384", "sha512"],
)
def test_rsa_with_sha256_or_better_is_accepted(method, digest, ours):
    root = response()
    sign(root, key_of(ours), method=method, digest=digest)
    assert name_in(verify(reread(root), [ours.certificate])) == "mia"


def test_ecdsa_is_accepted_and_a_pinned_certificate_may_have_expired(elliptic):
    root = response()
    sign(root, key_of(elliptic), method=T.TransformEcdsaSha256)
    assert name_in(verify(reread(root), [elliptic.certificate])) == "mia"
