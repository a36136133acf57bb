import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from apps.lib.xml import XmlRefused, inflate, is_xml_text, parse
from tests.lib.conftest import resident_bytes

LAUGHS = b"""<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>"""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "well-formed"),
        (b"   ", "well-formed"),
        (b"text", "well-formed"),
        (b"<a>", "well-formed"),
        (b"<a></b>", "well-formed"),
        (b"<a/><b/>", "well-formed"),
        (b"<a b='1' b='2'/>", "well-formed"),
        (b"<a>&unknown;</a>", "well-formed"),
        (b"<a>&#0;</a>", "well-formed"),
        (b"<x:a/>", "well-formed"),
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (b"<!doctype a><a/>", "DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DOCTYPE"),
        (b'<!DOCTYPE a PUBLIC "x" "http://127.0.0.1:1/a.dtd"><a/>', "DOCTYPE"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "DOCTYPE"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ATTLIST a ID ID #IMPLIED>]><a/>', "DOCTYPE"),
        (LAUGHS, "DOCTYPE"),
        (b"<a><!ENTITY x 'y'></a>", "DOCTYPE"),
        (b"<?xml-stylesheet href='x'?><a/>", "declare XML"),
        (b"<a><?php echo 1 ?></a>", "processing instruction"),
        (b'<?xml version="1.0"?><?pi?><a/>', "processing instruction"),
        (b'<a/><?xml version="1.0"?>', "processing instruction"),
        (b'<?xml version="1.1"?><a/>', "declare XML"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "declare XML"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "declare XML"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "declare XML"),
        ('<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16"), "UTF-8"),
        ("<a/>".encode("utf-16-le"), "UTF-8"),
        ("<a/>".encode("utf-32"), "UTF-8"),
        (b"<a>\xe4</a>", "UTF-8"),
        (b"<a>\xc0\xbc</a>", "UTF-8"),
        (b"<a>\x00</a>", "UTF-8"),
        (b"<a>\x0b</a>", "well-formed"),
        (b"<a>\xef\xbf\xbe</a>", "well-formed"),
        (b"<a>" * 33 + b"</a>" * 33, "too deep"),
        (b"<a>" * 9_000 + b"</a>" * 9_000, "well-formed|too deep"),
        (b"<a>" + b"x" * 65536 + b"</a>", "64 KiB"),
    ],
)
def test_the_front_door_refuses_in_a_plain_sentence(data, words):
    with pytest.raises(XmlRefused, match=words) as refused:
        parse(data, max_bytes=65536)
    assert refused.value.detail.endswith(".")


def test_a_plain_parser_takes_a_doctype_and_its_entities():
    root = etree.fromstring(LAUGHS, etree.XMLParser(resolve_entities=True))
    assert root.text == "ha" * 8


def test_comments_are_refused_where_asked_and_kept_otherwise():
    data = b"<a>mia@example.com<!-- -->.evil.example</a>"
    with pytest.raises(XmlRefused, match="comment"):
        parse(data, max_bytes=1000, comments=False)
    assert parse(data, max_bytes=1000).text == "mia@example.com"


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        b'<?xml version="1.0"?><a/>',
        b"<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<a/>\n",
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?><a/>',
        b'\r\n  <?xml version="1.0" encoding="UTF-8"?><a/>',
        "<a>\u00fc \U0001f511</a>".encode(),
        b"<a><![CDATA[<b>]]></a>",
        b"<a>" * 32 + b"</a>" * 32,
    ],
)
def test_ordinary_documents_are_read(data):
    assert parse(data, max_bytes=65536).tag == "a"


@given(st.text())
def test_text_that_passes_the_check_survives_a_document_and_other_text_does_not(value):
    element = etree.Element("a")
    if is_xml_text(value):
        element.text = value
        read = parse(etree.tostring(element, encoding="utf-8"), max_bytes=10**6)
        assert (read.text or "") == value
    else:
        with pytest.raises(ValueError):
            element.text = value
            parse(etree.tostring(element, encoding="utf-8"), max_bytes=10**6)


@pytest.mark.parametrize("value", ["\x00", "a\x0bb", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_characters_that_xml_cannot_hold_are_told(value):
    assert not is_xml_text(value)


@pytest.mark.parametrize(
    "value", ["", "a\tb\r\n", "\u00fc", "\ufffd", "\U0001f511", "\x85", "</saml:NameID><!---->"]
)
def test_characters_that_xml_can_hold_pass(value):
    assert is_xml_text(value)


def deflate(data):
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


def test_a_deflate_bomb_stops_at_the_cap_and_costs_no_memory():
    bomb = deflate(b"\0" * 200_000_000)
    before = resident_bytes()
    with pytest.raises(XmlRefused, match="64 KiB"):
        inflate(bomb)
    assert resident_bytes() - before < 8_000_000


def test_without_the_cap_the_bomb_unfolds():
    assert len(zlib.decompress(deflate(b"\0" * 20_000_000), -15)) == 20_000_000


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xff", b"plain text", deflate(b"x")[:-1], deflate(b"x") + b"more", zlib.compress(b"x")],
)
def test_what_is_not_raw_deflate_is_refused(data):
    with pytest.raises(XmlRefused):
        inflate(data)


def test_a_message_up_to_the_cap_is_inflated():
    assert inflate(deflate(b"x" * 65536)) == b"x" * 65536
