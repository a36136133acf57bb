"""Templates compile, and hold nothing that the content security policy would stop."""

import re
from pathlib import Path

import pytest
from django.template import TemplateSyntaxError, engines

from tests.architecture.source import files_under, text

TAG = re.compile(r"<[a-zA-Z][^<>]*(?:>|$)", re.S)
TEMPLATE_CODE = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.S)
INLINE = re.compile(r"\s(?:style|on[a-z]+)\s*=", re.I)
QUOTED = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*')", re.S)


def inline_code(source: str) -> list[str]:
    """`style=`, `on…=`, <style>, <script> without src, and addresses that are scripts."""
    plain = TEMPLATE_CODE.sub(" x ", source)
    found = []
    for tag in TAG.findall(plain):
        attributes = QUOTED.sub("=x", tag)  # what is quoted is not an attribute
        found += [match.group().strip() for match in INLINE.finditer(attributes)]
        if re.match(r"<script\b", tag, re.I) and not re.search(r"\ssrc\s*=", attributes, re.I):
            found.append("<script>")
        if re.match(r"<style\b", tag, re.I):
            found.append("<style>")
        if re.search(r"=\s*[\"']?\s*javascript:", tag, re.I):
            found.append("javascript:")
    return found


def templates() -> list[Path]:
    return files_under("templates", "apps", "portal", suffix=".html")


def test_inline_code_is_found() -> None:
    for bad in (
        '<p style="color: red">',
        "<p\n  STYLE = 'x'>",
        '<a class="x" onclick="go()">',
        "<body onload=go()>",
        "<script>go()</script>",
        '<script type="module">go()</script>',
        '<script data-src="x">go()</script>',
        "<style>p {}</style>",
        '<a href="javascript:go()">',
        "<div {% if x %}style='a'{% endif %}>",
    ):
        assert inline_code(bad), bad


def test_what_only_looks_like_it_is_not() -> None:
    for good in (
        '<script src="{% static "js/x.js" %}" type="module"></script>',
        '<link rel="stylesheet" href="x.css">',
        '<p data-on="x" title="a style=b onclick=c">style="x" onclick="y"</p>',
        '<input name="on" value="{{ x }}">',
        "{% if a > b %}<p>{% endif %}",
    ):
        assert not inline_code(good), good


def test_templates_hold_no_inline_code() -> None:
    found = {str(path): inline_code(text(path)) for path in templates()}
    assert {path: names for path, names in found.items() if names} == {}


def test_a_template_with_an_unknown_tag_does_not_compile() -> None:
    with pytest.raises(TemplateSyntaxError):
        engines["django"].from_string("{% no_such_tag %}")


def test_every_template_compiles() -> None:
    for path in templates():
        engines["django"].from_string(text(path))
