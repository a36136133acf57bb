"""A SAML message for people to read: indented, and each kind of word in a class of its own (static/css/components/code.css)."""

from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from lxml import etree

from apps.lib.xml import parse

LARGEST = 1_000_000
BASE64 = {"SignatureValue", "X509Certificate", "CipherValue"}  # nobody reads these; the copy has them whole
SHOWN = 40  # characters of them


def readable(xml: bytes) -> SafeString:
    """For a <pre>. `xml` is a message of ours; what stands in it came from people, so every word is escaped."""
    lines = _lines(parse(xml, max_bytes=LARGEST), 0)
    return format_html_join("\n", "{}{}", ((" " * 2 * depth, line) for depth, line in lines))


def _lines(element: etree._Element, depth: int) -> Iterator[tuple[int, SafeString]]:
    start, name = _start(element), _name(element)
    children = list(element)
    if children:
        yield depth, format_html("{}&gt;", start)
        for child in children:
            yield from _lines(child, depth + 1)
        yield depth, _end(name)
    elif element.text:
        yield depth, format_html("{}&gt;{}{}", start, _text(element), _end(name))
    else:
        yield depth, format_html("{}/&gt;", start)


def _start(element: etree._Element) -> SafeString:
    """Without its last bracket. A namespace stands where it begins, as in the message."""
    parent = element.getparent()
    outer = parent.nsmap if parent is not None else {}
    spaces = [
        (f"xmlns:{prefix}" if prefix else "xmlns", uri)
        for prefix, uri in element.nsmap.items()
        if outer.get(prefix) != uri
    ]
    prefixes = {uri: prefix for prefix, uri in element.nsmap.items() if prefix}
    pairs = [*spaces, *((_attribute(name, prefixes), value) for name, value in element.items())]
    attributes = format_html_join("", ' <i>{}</i>="{}"', pairs)
    return format_html("&lt;<b>{}</b>{}", _name(element), attributes)


def _end(name: str) -> SafeString:
    return format_html("&lt;/<b>{}</b>&gt;", name)


def _name(element: etree._Element) -> str:
    local = etree.QName(element).localname
    return f"{element.prefix}:{local}" if element.prefix else local


def _attribute(name: str | bytes, prefixes: dict[str, str]) -> str:
    qualified = etree.QName(str(name))
    space = qualified.namespace
    return f"{prefixes[space]}:{qualified.localname}" if space in prefixes else qualified.localname


def _text(element: etree._Element) -> SafeString:
    text = element.text or ""
    if etree.QName(element).localname not in BASE64 or len(text) <= SHOWN:
        return format_html("<span>{}</span>", text)
    count = _("%(count)s characters") % {"count": len(text)}
    return format_html("<span>{}…</span> <small>({})</small>", text[:SHOWN], count)
