"""What the service provider opens, and what it does not believe although it can be opened."""

import base64
import copy

import pytest
from django.test import Client
from lxml import etree

from apps.sandbox import actions, signing_out
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.models import SandboxServiceProvider, SandboxSignIn
from tests.sandbox.encrypting import XENC, T, encrypt
from tests.sandbox.identity_provider import DS, MD, NS, SAML, encoded

PAGE = "/sandbox/sp/app/"
ENCRYPTED, DATA = "a:EncryptedAssertion", "a:EncryptedAssertion/xenc:EncryptedData"
KEY = f"{DATA}/ds:KeyInfo/xenc:EncryptedKey"


@pytest.fixture
def there(service_provider):
    """Its metadata was read, so it has its keys."""
    return signing_out.with_keys(service_provider)


@pytest.fixture
def made(there, idp):
    """A function: a Response with an encrypted assertion, signed inside, outside or both."""

    def make(parts="both", *, signer=idp, certificate="", algorithms=None, **changes):
        root = idp.response(there, **changes)
        if parts in {"both", "assertion"}:
            signer.sign(root.find("a:Assertion", NS))
        encrypt(root, certificate or there.certificate, **algorithms or {})
        if parts in {"both", "response"}:
            signer.sign(root)
        return root

    return make


def accepted(there, root):
    return actions.add_sign_in(there, encoded(root))


def refused(there, root):
    """The check that failed and its sentence; nobody was signed in."""
    before = SandboxSignIn.objects.count()
    with pytest.raises(AssertionRefused) as caught:
        accepted(there, root)
    assert SandboxSignIn.objects.count() == before
    return caught.value.check, str(caught.value.detail)


CANNOT = (
    "encryption",
    "The assertion cannot be decrypted: it was changed on the way, or encrypted for another key.",
)


@pytest.mark.parametrize("parts", ["both", "response", "assertion"])
@pytest.mark.parametrize(
    ("cipher", "words"), [(T.TransformAes256Gcm, "AES-256-GCM"), (T.TransformAes128Gcm, "AES-128-GCM")]
)
def test_it_is_opened_and_then_judged_like_any_other(there, made, parts, cipher, words):
    root = made(parts, algorithms={"cipher": cipher})
    assert b"mia@example.com" not in etree.tostring(root)
    sign_in = accepted(there, root)
    assert (sign_in.name_id, sign_in.attributes) == ("mia@example.com", {"email": ["mia@example.com"]})
    assert sign_in.signed_parts == {"both": "response + assertion"}.get(parts, parts)
    assert sign_in.encrypted_with == words
    assert "mia@example.com" in sign_in.response_xml
    assert "EncryptedData" not in sign_in.response_xml


def test_what_is_not_encrypted_says_so(there, idp):
    assert accepted(there, idp.signed(there)).encrypted_with == ""


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"audience": "https://other.example/"}, "audience"),
        ({"recipient": "https://other.example/acs"}, "recipient"),
        ({"issuer": "https://other.example/"}, "issuer"),
        ({"asked": "_unknown"}, "in_response_to"),
        ({"name_id": ""}, "name_id"),
    ],
)
def test_what_is_inside_meets_the_same_checks(there, made, changes, check):
    assert refused(there, made(**changes))[0] == check
    assert accepted(there, made())


def test_it_is_used_once(there, made):
    root = made()
    assert accepted(there, root)
    assert refused(there, root)[0] == "replay"


# --- what is not opened


@pytest.mark.parametrize(
    ("algorithms", "named"),
    [
        ({"cipher": T.TransformAes256Cbc}, "aes256-cbc"),
        ({"cipher": T.TransformDes3Cbc}, "tripledes-cbc"),
        ({"wrap": T.TransformRsaPkcs1}, "rsa-1_5"),
    ],
)
def test_other_algorithms_are_refused_by_name(there, made, algorithms, named):
    check, sentence = refused(there, made(algorithms=algorithms))
    assert check == "encryption"
    assert sentence.startswith(f"Encrypted with {named}, which the sandbox refuses")
    assert accepted(there, made())


def test_another_digest_is_refused_by_name(there, made):
    root = made("assertion")
    method = root.find(f"{KEY}/xenc:EncryptionMethod", XENC)
    etree.SubElement(method, f"{{{DS}}}DigestMethod", Algorithm="http://example.com/#md5")
    assert refused(there, root)[1].startswith("Encrypted with md5,")


def test_what_was_encrypted_for_another_key_is_not_opened(there, made, idp):
    assert refused(there, made(certificate=idp.keys.certificate)) == CANNOT
    assert accepted(there, made())


def test_without_a_key_nothing_is_opened(there, made):
    root = made()
    SandboxServiceProvider.objects.update(private_key_sealed=b"")
    there.refresh_from_db()
    assert refused(there, root) == CANNOT


@pytest.mark.parametrize("at", [0, 12, 400, -1])
@pytest.mark.parametrize("path", [DATA, KEY], ids=["data", "key"])
def test_a_changed_byte_is_one_sentence(there, made, path, at):
    """Of the nonce, the text, the tag and the wrapped key: no answer tells one from another."""
    good = made("assertion")
    root = copy.deepcopy(good)
    value = root.find(f"{path}/xenc:CipherData/xenc:CipherValue", XENC)
    octets = bytearray(base64.b64decode(value.text))
    octets[min(at, len(octets) - 1)] ^= 1
    value.text = base64.b64encode(octets).decode()
    assert refused(there, root) == CANNOT
    assert accepted(there, good)


@pytest.mark.parametrize("text", ["", "AAAA", "%%%"])
@pytest.mark.parametrize("path", [DATA, KEY], ids=["data", "key"])
def test_a_value_that_is_none_is_the_same_sentence(there, made, path, text):
    root = made("assertion")
    root.find(f"{path}/xenc:CipherData/xenc:CipherValue", XENC).text = text
    assert refused(there, root) == CANNOT


def test_a_changed_ciphertext_breaks_the_signature_over_it(there, made):
    root = made("response")
    root.find(f"{DATA}/xenc:CipherData/xenc:CipherValue", XENC).text = "AAAA"
    assert refused(there, root)[0] == "signature"


@pytest.mark.parametrize("path", [DATA, KEY], ids=["data", "key"])
def test_there_is_one_of_each(there, made, path):
    for change in ("twice", "never"):
        root = made("assertion")
        node = root.find(path, XENC)
        if change == "twice":
            node.addnext(copy.deepcopy(node))
        else:
            node.getparent().remove(node)
        assert refused(there, root)[0] == "encryption"


@pytest.mark.parametrize("octets", [b"no xml", b"<!DOCTYPE x><x/>", b"<x/>"])
def test_what_is_no_assertion_inside_is_refused(there, idp, octets):
    root = idp.response(there)
    encrypt(root, there.certificate, octets=octets)
    idp.sign(root)
    assert refused(there, root)[0] in {"document", "assertion"}


# --- what is opened and not believed


def test_encryption_alone_proves_nothing(there, made, idp, stranger):
    """The key is public: a stranger encrypts as well as the identity provider."""
    assert refused(there, made("neither"))[0] == "signature"
    for parts in ("both", "response", "assertion"):
        assert refused(there, made(parts, signer=stranger))[0] == "signature"
    assert accepted(there, made())


def test_one_good_signature_does_not_make_up_for_a_bad_one(there, idp, stranger):
    root = idp.response(there)
    stranger.sign(root.find("a:Assertion", NS))
    encrypt(root, there.certificate)
    idp.sign(root)
    assert refused(there, root)[0] == "signature"


def forged(root):
    """Another's assertion, as it would be read if it were believed."""
    assertion = copy.deepcopy(root.find("a:Assertion", NS))
    assertion.set("ID", "_evil")
    assertion.find("a:Subject/a:NameID", NS).text = "admin@example.com"
    for signature in assertion.findall("ds:Signature", NS):
        assertion.remove(signature)
    return assertion


def readable_beside(root, evil, there):
    root.append(evil)


def encrypted_beside(root, evil, there):
    other = copy.deepcopy(root)
    other.replace(other.find(ENCRYPTED, NS), evil)
    encrypt(other, there.certificate)
    root.append(other.find(ENCRYPTED, NS))


def encrypted_instead(root, evil, there):
    root.replace(root.find(ENCRYPTED, NS), evil)
    encrypt(root, there.certificate)


def genuine_in_an_extension(root, evil, there):
    """For signed Responses: the genuine one moves into a forged one that is not signed."""
    genuine = copy.deepcopy(root)
    root.remove(root.find("ds:Signature", NS))
    root.set("ID", "_forged")
    encrypted_instead(root, evil, there)
    etree.SubElement(root, f"{{{SAML}}}Advice").append(genuine)


@pytest.mark.parametrize(
    ("parts", "wrap"),
    [
        *(
            (parts, wrap)
            for parts in ("assertion", "response")
            for wrap in (readable_beside, encrypted_beside)
        ),
        ("assertion", encrypted_instead),
        ("response", encrypted_instead),
        ("response", genuine_in_an_extension),
    ],
)
def test_wrapping_convinces_nobody(there, made, idp, parts, wrap):
    root = made(parts)
    good = copy.deepcopy(root)
    wrap(root, forged(idp.response(there)), there)
    assert refused(there, root)[0] in {"signature", "assertion"}
    assert accepted(there, good).name_id == "mia@example.com"


def inside_another(signed):
    outer = forged(signed)
    outer.append(copy.deepcopy(signed.find("a:Assertion", NS)))
    return outer


def with_the_signature_of_another(signed):
    outer = forged(signed)
    outer.insert(1, copy.deepcopy(signed.find("a:Assertion/ds:Signature", NS)))
    return outer


@pytest.mark.parametrize("wrap", [inside_another, with_the_signature_of_another])
def test_wrapping_behind_the_encryption_convinces_nobody(there, idp, wrap):
    """Whoever has one genuine assertion in the clear can encrypt whatever they make of it."""
    root = idp.signed(there, "assertion")
    good = copy.deepcopy(root)
    root.replace(root.find("a:Assertion", NS), wrap(root))
    encrypt(root, there.certificate)
    assert refused(there, root)[0] in {"signature", "assertion"}
    encrypt(good, there.certificate)
    assert accepted(there, good).name_id == "mia@example.com"


def test_gitlab_finds_the_certificate_inside(there, made, idp):
    there.kind = "gitlab_saas"
    assert accepted(there, made("assertion"))
    root = idp.response(there)
    idp.sign(root.find("a:Assertion", NS), certificate=False)
    encrypt(root, there.certificate)
    assert refused(there, root)[0] == "certificate"


# --- the switch, the metadata and the page


def test_only_encrypted_ones_when_that_is_switched_on(there, made, idp, bob):
    bob.post(f"{PAGE}encryption", {"only": "yes"})
    there.refresh_from_db()
    assert refused(there, idp.signed(there)) == (
        "encryption",
        "The assertion is not encrypted, and this service provider takes no other.",
    )
    assert accepted(there, made())
    bob.post(f"{PAGE}encryption")
    there.refresh_from_db()
    assert accepted(there, idp.signed(there))


def test_the_metadata_says_for_which_key_and_how(there):
    root = etree.fromstring(Client().get(f"/t/acme{PAGE}metadata").content)
    keys = root.findall(f"{{{MD}}}SPSSODescriptor/{{{MD}}}KeyDescriptor")
    assert [key.get("use") for key in keys] == ["signing", "encryption"]
    methods = [
        node.get("Algorithm").rpartition("#")[2] for node in keys[1].findall(f"{{{MD}}}EncryptionMethod")
    ]
    assert methods == ["aes256-gcm", "aes128-gcm", "rsa-oaep-mgf1p", "rsa-oaep-mgf1p"]
    inside = keys[1].find("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NS).text
    assert inside in there.certificate.replace("\n", "")


def test_the_page_says_with_what(there, made, idp, bob):
    body = {"SAMLResponse": encoded(made())}
    bob.client.post(f"/t/acme{PAGE}acs", body)
    page = bob.get(PAGE).content.decode()
    for part in ("Signed in as mia@example.com", "with AES-256-GCM", "decrypted and indented"):
        assert part in page, part
    bob.client.post(f"/t/acme{PAGE}acs", {"SAMLResponse": encoded(idp.signed(there))})
    assert "decrypted and indented" not in bob.get(PAGE).content.decode()


def test_a_sealed_key_that_cannot_be_opened_is_a_sentence(there, made, idp):
    root = made()
    SandboxServiceProvider.objects.update(private_key_sealed=b"nothing that was sealed")
    there.refresh_from_db()
    assert refused(there, root) == ("encryption", "The sandbox cannot open its own key.")
    assert accepted(there, idp.signed(there)), "what is not encrypted needs no key"
