"""
S7: signature wrapping of messages, the eight arrangements of Somorovsky et al., "On Breaking SAML" (2012), at the front door itself:
a request to sign in and one to sign out. Also what may sign at all, and keys that come along with a message.
"""

import base64
import copy
import threading
from socketserver import BaseRequestHandler, TCPServer

import pytest
import xmlsec
from lxml import etree

from apps.saml.errors import RequestUnsigned
from apps.saml.front_door import from_form, from_redirect
from tests.saml.service_provider import NS, authn_request, redirect, signed

DS = "{http://www.w3.org/2000/09/xmldsig#}"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MESSAGES = {
    "AuthnRequest": authn_request(more='ForceAuthn="false"'),
    "LogoutRequest": authn_request(
        more='ForceAuthn="false"', inside="<saml:NameID>bob</saml:NameID>"
    ).replace("AuthnRequest", "LogoutRequest"),
}


def knock(xml, keys, *, by="form"):
    octets = xml if isinstance(xml, bytes) else etree.tostring(xml)
    if by == "redirect":
        return from_redirect(redirect(octets), [keys.certificate])
    return from_form({"SAMLRequest": [base64.b64encode(octets).decode()]}, [keys.certificate])


def evil(genuine, *, same_id):
    forged = copy.deepcopy(genuine)
    forged.remove(forged.find(f"{DS}Signature"))
    forged.set("ForceAuthn", "true")
    if not same_id:
        forged.set("ID", "_evil")
    return forged


def bare(genuine):
    """Without its signature: what the digest is over."""
    copied = copy.deepcopy(genuine)
    copied.remove(copied.find(f"{DS}Signature"))
    return copied


def wrapped(number, genuine, *, same_id=False):
    """The forged message as the root, the genuine one somewhere in it."""
    root, signature = evil(genuine, same_id=same_id), copy.deepcopy(genuine.find(f"{DS}Signature"))
    if number in {1, 2, 5, 6, 8}:
        root.insert(1, signature)
    if number in {1, 6}:  # inside the signature: last, first
        signature.insert(len(signature) if number == 1 else 0, bare(genuine))
    elif number == 2:
        signature.addprevious(bare(genuine))
    elif number == 3:
        root.insert(0, copy.deepcopy(genuine))
    elif number == 4:
        root.append(copy.deepcopy(genuine))
    elif number == 5:
        root.append(bare(genuine))
    elif number == 7:
        etree.SubElement(root, f"{{{NS['samlp']}}}Extensions").append(copy.deepcopy(genuine))
    else:
        etree.SubElement(signature, f"{DS}Object").append(bare(genuine))
    return etree.fromstring(etree.tostring(root))


@pytest.fixture(params=MESSAGES)
def genuine(request, sp_keys):
    return etree.fromstring(signed(MESSAGES[request.param], sp_keys))


@pytest.mark.parametrize("by", ["form", "redirect"])
@pytest.mark.parametrize("same_id", [False, True], ids=["an ID of its own", "the same ID"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_forged_message_around_a_genuine_one_is_refused(genuine, sp_keys, number, same_id, by):
    document = wrapped(number, genuine, same_id=same_id)
    assert document.get("ForceAuthn") == "true"
    with pytest.raises(RequestUnsigned):
        knock(document, sp_keys, by=by)


@pytest.mark.parametrize("by", ["form", "redirect"])
def test_the_genuine_one_is_read(genuine, sp_keys, by):
    """Negative control."""
    received = knock(genuine, sp_keys, by=by)
    assert received.signed
    assert received.root.get("ForceAuthn") == "false"
    assert received.root.find(f".//{DS}Signature") is None


@pytest.mark.parametrize("number", [2, 3, 4, 5, 7])
def test_a_reader_that_verifies_some_signature_and_reads_the_root_is_fooled(genuine, sp_keys, number):
    """Negative control: these are attacks."""
    document = wrapped(number, genuine)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(sp_keys.certificate, xmlsec.constants.KeyDataFormatCertPem)
    xmlsec.tree.add_ids(document, ["ID"])
    context.verify(next(document.iter(f"{DS}Signature")))
    assert document.get("ForceAuthn") == "true"


# --- what may sign

WEAK = {
    "RSA-SHA1": (f"{NS['ds']}rsa-sha1", "SignatureMethod"),
    "DSA-SHA1": (f"{NS['ds']}dsa-sha1", "SignatureMethod"),
    "HMAC-SHA1": (f"{NS['ds']}hmac-sha1", "SignatureMethod"),
    "HMAC-SHA256": (f"{MORE}hmac-sha256", "SignatureMethod"),
    "RSA-MD5": (f"{MORE}rsa-md5", "SignatureMethod"),
    "RSA-RIPEMD160": (f"{MORE}rsa-ripemd160", "SignatureMethod"),
    "DSA-SHA256": ("http://www.w3.org/2009/xmldsig11#dsa-sha256", "SignatureMethod"),
    "none": ("none", "SignatureMethod"),
    "no name": ("", "SignatureMethod"),
    "digest SHA-1": (f"{NS['ds']}sha1", "DigestMethod"),
    "digest MD5": (f"{MORE}md5", "DigestMethod"),
}


@pytest.mark.parametrize("name", WEAK)
def test_weak_algorithms_are_refused_by_name(genuine, sp_keys, name):
    algorithm, place = WEAK[name]
    next(genuine.iter(f"{DS}{place}")).set("Algorithm", algorithm)
    with pytest.raises(RequestUnsigned, match="algorithm"):
        knock(genuine, sp_keys)


def test_a_signature_by_sha_1_that_verifies_is_refused(sp_keys):
    with pytest.raises(RequestUnsigned, match="algorithm"):
        knock(signed(authn_request(), sp_keys, method="rsa-sha1"), sp_keys)


# --- keys that come along


def with_key_info(genuine, inner):
    signature = genuine.find(f"{DS}Signature")
    for old in signature.findall(f"{DS}KeyInfo"):
        signature.remove(old)
    signature.append(etree.fromstring(f'<ds:KeyInfo xmlns:ds="{NS["ds"]}">{inner}</ds:KeyInfo>'))
    return genuine


@pytest.fixture
def listener():
    """Hears whoever follows an address in a message."""
    heard = []

    class Ear(BaseRequestHandler):
        def handle(self):
            heard.append(self.request.recv(100))

    server = TCPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1], heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_key_of_the_messages_own_is_believed(sp_keys, strangers_keys, listener):
    port, heard = listener
    strange = xmlsec.Key.from_memory(strangers_keys.private_key, xmlsec.constants.KeyDataFormatPem)
    assert strange is not None
    infos = [
        f"<ds:X509Data><ds:X509Certificate>{strangers_keys.base64}</ds:X509Certificate></ds:X509Data>",
        f"<ds:X509Data><ds:X509Certificate>{sp_keys.base64}</ds:X509Certificate></ds:X509Data>",
        "<ds:KeyName>sp.example</ds:KeyName>",
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
        f'<ds:RetrievalMethod URI="http://127.0.0.1:{port}/key" Type="{NS["ds"]}rawX509Certificate"/>',
    ]
    for inner in infos:
        with pytest.raises(RequestUnsigned, match="does not match"):
            knock(with_key_info(etree.fromstring(signed(authn_request(), strangers_keys)), inner), sp_keys)
        # Negative control: beside a good signature it is not looked at.
        assert knock(with_key_info(etree.fromstring(signed(authn_request(), sp_keys)), inner), sp_keys).signed
    assert heard == []
