"""A page that is filled in is letter by letter the page that Django would have rendered, whatever stands in its slots."""

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.lib.prepared_page import PreparedPage
from apps.saml.responses import POST_BINDING

SLOTS = ("name", "logo", "acs_url", "saml_response", "relay_state")
MARKS = list(POST_BINDING._marks.values())
TEXT = st.text() | st.sampled_from(
    ['"><script>alert(1)</script>', "'", "&amp;", "{{ name }}", "slot", *MARKS]
)


def asked(**cookies):
    request = RequestFactory().get("/")
    request.COOKIES |= cookies
    return request


@hypothesis_settings(max_examples=150)
@given(st.tuples(*[TEXT] * 5), st.booleans(), st.sampled_from(["", "light", "dark", '"><b>']))
def test_it_is_what_django_renders(texts, has_relay_state, theme):
    """Also where a value holds a mark: what was filled in is not looked at again."""
    values, request = dict(zip(SLOTS, texts, strict=True)), asked(theme=theme)
    filled = POST_BINDING.fill(request, values, has_relay_state=has_relay_state)
    context = values | {"request": request, "has_relay_state": has_relay_state}
    assert filled == render_to_string("saml/post_binding.html", context)


def test_markup_that_is_known_to_be_safe_stays_markup():
    values = dict.fromkeys(SLOTS, "<b>") | {"logo": SafeString("<svg>")}
    filled = POST_BINDING.fill(asked(), values, has_relay_state=True)
    assert "<svg>" in filled
    assert "<b>" not in filled


def test_a_theme_and_a_language_have_a_page_of_their_own():
    values = dict.fromkeys(SLOTS, "x")
    pages = {
        POST_BINDING.fill(asked(theme=theme), values, has_relay_state=True) for theme in ("dark", "light")
    }
    with translation.override("de"):
        pages.add(POST_BINDING.fill(asked(theme="dark"), values, has_relay_state=True))
    assert len(pages) == 3


def test_strange_cookies_make_no_pages():
    values = dict.fromkeys(SLOTS, "x")
    POST_BINDING.fill(asked(), values, has_relay_state=True)
    before = len(POST_BINDING._pages)
    for number in range(20):
        POST_BINDING.fill(asked(theme=f"theme-{number}"), values, has_relay_state=True)
    assert len(POST_BINDING._pages) == before


def test_a_slot_without_a_value_is_an_error():
    with pytest.raises(KeyError):
        POST_BINDING.fill(asked(), {"name": "x"}, has_relay_state=False)


def test_whoever_works_on_a_template_sees_it_at_once(settings):
    page, values = PreparedPage("saml/post_binding.html", *SLOTS), dict.fromkeys(SLOTS, "x")
    page.fill(asked(), values, has_relay_state=False)
    page._pages = {key: [("old", "")] for key in page._pages}
    assert page.fill(asked(), values, has_relay_state=False) == "old"
    settings.DEBUG = True
    assert page.fill(asked(), values, has_relay_state=False) != "old"
