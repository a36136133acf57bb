"""S4, A10, A11: thirty documents that want a parser to do more than parse, at every door for XML. Nothing is fetched, opened or expanded."""

import base64
import threading
import xml.sax
from io import BytesIO
from socketserver import BaseRequestHandler, TCPServer

import pytest
from django.utils import timezone
from lxml import etree

from apps.saml.errors import MetadataRefused, RequestUnreadable
from apps.saml.front_door import from_form, from_redirect
from apps.saml.metadata_import import read_document
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.errors import MetadataRefused as SandboxMetadataRefused
from apps.sandbox.saml import metadata as sandbox_metadata
from apps.sandbox.saml import response as sandbox_response
from tests.saml.metadata import sp_metadata
from tests.saml.service_provider import authn_request, redirect

CANARY = "canary in a file"
BODY = b"<x>%s</x>"


def entity(declarations, use=b"&e;"):
    return b"<!DOCTYPE x [" + declarations + b"]>" + BODY % use


def corpus(file, port):
    """{name: document}; `file` and `port` are what must not be touched."""
    laughs = b'<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    )
    return {
        "XXE to a file": entity(b'<!ENTITY e SYSTEM "file://%s">' % file),
        "XXE to /etc/passwd": entity(b'<!ENTITY e SYSTEM "file:///etc/passwd">'),
        "XXE to the network": entity(b'<!ENTITY e SYSTEM "http://127.0.0.1:%d/e">' % port),
        "XXE by PUBLIC": entity(b'<!ENTITY e PUBLIC "x" "http://127.0.0.1:%d/e">' % port),
        "XXE in an attribute": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file://%s">]><x a="&e;"/>' % file,
        "parameter entity to the network": entity(b'<!ENTITY %% p SYSTEM "http://127.0.0.1:%d/p">%%p;' % port),
        "parameter entity to a file": entity(b'<!ENTITY %% p SYSTEM "file://%s"><!ENTITY e "%%p;">' % file),
        "billion laughs": entity(laughs, b"&j;"),
        "quadratic blow-up": entity(b'<!ENTITY e "%s">' % (b"a" * 5000), b"&e;" * 5000),
        "entity that names itself": entity(b'<!ENTITY e "&e;">'),
        "external DTD": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:%d/x.dtd">' % port + BODY % b"",
        "external DTD in a file": b'<!DOCTYPE x SYSTEM "file://%s">' % file + BODY % b"",
        "external DTD by PUBLIC": b'<!DOCTYPE x PUBLIC "a" "http://127.0.0.1:%d/x.dtd">' % port + BODY % b"",
        "empty DTD": b"<!DOCTYPE x>" + BODY % b"",
        "DTD in lower case": b"<!doctype x>" + BODY % b"",
        "DTD after a declaration": b'<?xml version="1.0"?>\n<!DOCTYPE x []>' + BODY % b"",
        "DTD that declares an ID": b"<!DOCTYPE x [<!ATTLIST x ID ID #IMPLIED>]><x ID='a'/>",
        "DTD that gives a default": b'<!DOCTYPE x [<!ATTLIST x Destination CDATA "y">]><x/>',
        "DTD behind a comment": b"<!-- x --><!DOCTYPE x>" + BODY % b"",
        "entity that nobody declared": BODY % b"&nbsp;",
        "stylesheet": b'<?xml-stylesheet type="text/xsl" href="http://127.0.0.1:%d/x.xsl"?>' % port + BODY % b"",
        "processing instruction": BODY % b"<?php system('id') ?>",
        "schema elsewhere": None,  # below: it is well-formed and asks for nothing but to be fetched
        "XInclude": None,
        "UTF-16": ('<?xml version="1.0" encoding="UTF-16"?><x/>').encode("utf-16"),
        "UTF-16 without a mark": "<!DOCTYPE x><x/>".encode("utf-16-be"),
        "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-<x/>',
        "EBCDIC": '<?xml version="1.0" encoding="cp037"?><x/>'.encode("cp037"),
        "XML 1.1": b'<?xml version="1.1"?><x>&#1;</x>',
        "nested ten thousand deep": b"<x>" * 10_000 + b"</x>" * 10_000,
        "forty deep": b"<x>" * 40 + b"</x>" * 40,
        "larger than any door": b"<x>" + b" " * 2_000_000 + b"</x>",
        "ten thousand attributes, one twice": b"<x " + b" ".join(b'a%d=""' % n for n in range(9_999)) + b' a1=""/>',
    }  # fmt: skip


@pytest.fixture
def untouched(tmp_path):
    """(path of a file, port): the test fails if the port hears anything."""
    heard = []

    class Ear(BaseRequestHandler):
        def handle(self):
            heard.append(self.request.recv(200))
            self.request.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")

    (tmp_path / "canary").write_text(CANARY)
    server = TCPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield str(tmp_path / "canary").encode(), server.server_address[1], heard
    server.shutdown()
    thread.join()
    server.server_close()


def _sandbox_response(document):
    return sandbox_response.decode(base64.b64encode(document).decode())


DOORS = {
    "a form": (lambda document: from_form({"SAMLRequest": [base64.b64encode(document).decode()]}, []), RequestUnreadable),
    "a redirect": (lambda document: from_redirect(redirect(document), []), RequestUnreadable),
    "metadata": (lambda document: read_document(document, now=timezone.now()), MetadataRefused),
    "the sandbox's metadata": (
        lambda document: sandbox_metadata.read(document.decode("latin-1"), timezone.now()), SandboxMetadataRefused),
    "the sandbox's responses": (_sandbox_response, AssertionRefused),
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_no_door_takes_any_of_them(door, untouched):
    knock, refusal = DOORS[door]
    file, port, heard = untouched
    documents = {name: document for name, document in corpus(file, port).items() if document is not None}
    assert len(documents) >= 30
    for name, document in documents.items():
        with pytest.raises(refusal) as refused:
            knock(document)
        said = (
            str(refused.value)
            + str(getattr(refused.value, "detail", ""))
            + str(getattr(refused.value, "fields", ""))
        )
        assert CANARY not in said, name
        assert "root:" not in said, name
    assert heard == []


@pytest.mark.parametrize("door", ["a form", "metadata"])
def test_what_only_points_elsewhere_is_not_followed(door, untouched):
    """A schema's address, XInclude and xml:base are ordinary attributes and elements: nobody goes there."""
    file, port, heard = untouched
    elsewhere = f"http://127.0.0.1:{port}/x"
    pointers = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {elsewhere}" xml:base="{elsewhere}"'
    include = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{file.decode()}" parse="text"/>'
    )
    if door == "a form":
        document = authn_request(
            more=pointers, inside=f"<samlp:Extensions>{include}</samlp:Extensions>"
        ).encode()
        assert CANARY not in etree.tostring(DOORS[door][0](document).root).decode()
    else:
        provider = DOORS[door][0](sp_metadata(attributes=pointers))
        assert provider is not None
    assert heard == []


def test_a_parser_as_it_comes_reads_the_file_and_calls_the_address(untouched):
    """Negative control: the canaries sing."""
    file, port, heard = untouched
    documents = corpus(file, port)
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=False)
    assert etree.fromstring(documents["XXE to a file"], parser).text == CANARY
    reader = xml.sax.make_parser()
    reader.setFeature(xml.sax.handler.feature_external_ges, True)  # noqa: FBT003 - the library's own signature
    reader.parse(BytesIO(documents["XXE to the network"]))
    assert heard


@pytest.mark.parametrize("place", ["Issuer", "NameID"])
def test_a_comment_never_splits_what_is_read(place):
    """A11: in messages none is taken at all; where they may stand, in metadata, text is read whole."""
    xml = authn_request(inside="<saml:Subject><saml:NameID>bob</saml:NameID></saml:Subject>")
    text = {"Issuer": "https://sp.example/metadata", "NameID": ">bob"}[place]
    for split in (text[:3] + "<!-- x -->" + text[3:], text[:3] + "<!---->" + text[3:]):
        with pytest.raises(RequestUnreadable, match="comment"):
            DOORS["a form"][0](xml.replace(text, split).encode())
