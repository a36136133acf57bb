import re
from datetime import UTC, date, datetime
from types import SimpleNamespace

import lucide
import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from apps.applications.models import Colour
from apps.lib.templatetags import interface


def render(source: str, request: object = None, **values: object) -> str:
    return Template(source).render(Context({"request": request, **values}))


def test_an_icon_that_does_not_exist_is_an_error_not_a_hole():
    with pytest.raises(lucide.IconDoesNotExist):
        render('{% icon "no-such-icon" %}')


def test_a_state_outside_the_closed_list_is_an_error():
    with pytest.raises(KeyError):
        render_to_string("components/chip.html", {"state": "wobbly"})


def test_a_theme_cookie_with_anything_else_in_it_changes_nothing():
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = '"><script>'
    assert render("{% theme %}", request) == "system"


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ({"userName": "m\u00fcller", "active": True}, '{\n  "userName": "m\u00fcller",\n  "active": true\n}'),
        ('{"detail":"Taken"}', '{\n  "detail": "Taken"\n}'),
        ("Bad Gateway", "Bad Gateway"),
        ('{"detail":"Tak', '{"detail":"Tak'),  # cut off where it was kept
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_documents_are_shown_as_json_and_what_is_none_as_it_came(document, shown):
    assert interface.as_json(document) == shown


def test_a_document_that_holds_markup_is_text():
    page = render_to_string("components/json.html", {"document": {"name": "<script>alert(1)</script>"}})
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_the_theme_cookie_is_obeyed(chosen):
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = chosen
    assert render("{% theme %}", request) == chosen


def test_labels_of_icons_are_escaped():
    svg = interface.icon("check", 'a"><script>alert(1)</script>')
    assert "<script>" not in svg


def test_an_icon_is_decoration_unless_it_has_words():
    assert 'aria-hidden="true"' in interface.icon("check")
    named = interface.icon("check", "Done")
    assert 'aria-label="Done"' in named
    assert "aria-hidden" not in named


def test_a_brand_has_its_own_colour_and_no_style():
    svg = interface.brand("gitlab")
    assert 'fill="#FC6D26"' in svg
    assert "style" not in svg


def test_a_brand_that_nobody_drew_leaves_room_for_a_letter():
    assert interface.brand("blogin") == ""
    assert ">B</span>" in render_to_string("components/logo.html", {"name": "BlogIn", "slug": "blogin"})


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ann Lee", "AL"), ("Ann van der Lee", "AL"), ("ann.lee@acme.test", "AL"), ("cher", "C"), ("", "?"), ("(( ))", "?"), ("Łukasz Żak", "ŁŻ")],
)  # fmt: skip
def test_initials(name, letters):
    assert interface.initials(name) == letters


def test_a_tone_stays_with_its_key_and_has_a_class():
    css = open_sheet("components/avatar.css")
    assert interface.tone("u-1") == interface.tone("u-1")
    assert all(f".tone-{tone} " in css for tone in interface.TONES)


def test_tones_are_the_colours_an_application_may_have():
    assert set(interface.TONES) == set(Colour.values)


def test_every_chip_has_an_icon_that_exists():
    for state in interface.STATES:
        assert "<svg" in render_to_string("components/chip.html", {"state": state, "text": "word"})


@pytest.mark.parametrize(
    ("path", "url", "exact", "mark"),
    [
        ("/users/", "/users/", False, ' aria-current="page"'),
        ("/users/7/", "/users/", False, ' aria-current="true"'),
        ("/users/7/", "/users/", True, ""),
        ("/users-of-old/", "/users", False, ""),
        ("/users/", "", False, ""),
    ],
)
def test_the_link_to_where_one_is_says_so(path, url, exact, mark):
    context = Context({"request": SimpleNamespace(path=path)})
    assert interface.current(context, url, exact=exact) == mark


def test_a_time_shows_the_readers_zone_and_keeps_iso_in_its_title(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    shown = interface.local_time(datetime(2026, 10, 12, 8, 14, 8, tzinfo=UTC))
    assert (
        shown
        == '<time datetime="2026-10-12T10:14:08+02:00" title="2026-10-12T10:14:08+02:00">12 Oct 2026, 10:14</time>'
    )
    assert ">10:14:08<" in interface.local_time(datetime(2026, 10, 12, 8, 14, 8, tzinfo=UTC), "H:i:s")
    assert interface.local_time(date(2026, 10, 12)) == (
        '<time datetime="2026-10-12" title="2026-10-12">12 Oct 2026</time>'
    )


def test_no_time_is_a_dash():
    assert interface.local_time(None) == "—"
    assert interface.milliseconds(None) == "—"


def test_durations_are_read_in_milliseconds():
    assert interface.milliseconds(0.2124) == "212 ms"


class ExampleForm(forms.Form):
    slug = forms.CharField(label="Slug", help_text="Cannot be changed later.")
    shown = forms.BooleanField(label="Shown", required=False)


def test_a_field_with_an_error_names_it_for_screen_readers():
    form = ExampleForm({"slug": ""})
    html = render_to_string("components/field.html", {"field": form["slug"]})
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    for identifier in described[1].split():
        assert f'id="{identifier}"' in html
    assert 'aria-invalid="true"' in html


def test_the_summary_of_a_form_links_to_each_wrong_field():
    form = ExampleForm({"slug": ""})
    html = render_to_string("components/form_errors.html", {"form": form})
    assert 'href="#id_slug"' in html
    assert render_to_string("components/form_errors.html", {"form": ExampleForm({"slug": "x"})}).strip() == ""


def open_sheet(name: str) -> str:
    from django.conf import settings

    return (settings.BASE_DIR / "static" / "css" / name).read_text()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"), ("", "—"), ([], "—"), (True, "Yes"), (False, "No"), (0, "0"), ("<b>", "&lt;b&gt;"),
        (["a", "<i>"], "a<br>&lt;i&gt;"),
        ([{"url": "https://sp.example/acs", "index": 0, "is_default": True}], "url: https://sp.example/acs · index: 0 · is_default: Yes"),
        ({"values": ["a", "b"], "of": {}}, "values: a, b · of: "),
    ],
)  # fmt: skip
def test_values_of_events_are_shown_without_a_programs_marks(value, shown):
    assert interface.plainly(value) == shown


def test_a_mark_is_the_brands_or_a_letter_on_a_colour():
    assert "<svg" in interface.application_mark("GitLab", "gitlab")
    assert interface.application_mark("GitLab", "gitlab", "red") == (
        '<span class="logo  tone-red" aria-hidden="true">G</span>'
    )
    hostile = interface.application_mark("<x", "blogin", "", 'a"b')
    assert 'class="logo a&quot;b tone-' in hostile
    assert hostile.endswith(">&lt;</span>")


@pytest.mark.parametrize(
    ("words", "ended"),
    [("the token has expired", "the token has expired."), ("Gone.", "Gone."), ("Who?  ", "Who?"), ("", "")],
)
def test_an_applications_words_end_as_a_sentence_does(words, ended):
    assert interface.sentence(words) == ended
