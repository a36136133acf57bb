"""What holds for the look as a whole: every sheet is linked, the page stays light, and text can be read."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string

CSS = Path(settings.BASE_DIR) / "static" / "css"
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def linked() -> list[str]:
    return re.findall(r'rel="stylesheet" href="/static/([^"]+)"', render_to_string("stylesheets.html"))


def test_no_template_carries_a_style_or_a_script_of_its_own():
    for template in TEMPLATES.rglob("*.html"):
        source = template.read_text()
        assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)", source), template


def test_every_sheet_is_linked_once_and_tokens_come_first():
    there = sorted(f"css/{path.relative_to(CSS).as_posix()}" for path in CSS.rglob("*.css"))
    assert sorted(linked()) == there
    assert linked()[0] == "css/tokens.css"


def test_the_sheets_of_a_page_weigh_40_kilobytes_at_most():
    assert sum(path.stat().st_size for path in CSS.rglob("*.css")) <= 40_000


def test_every_file_a_sheet_or_a_page_names_is_found():
    for path in CSS.rglob("*.css"):
        for address in re.findall(r'url\("\.\./([^"]+)"\)', path.read_text()):
            assert finders.find(address.replace("%5B", "[").replace("%5D", "]")), address
    for template in TEMPLATES.rglob("*.html"):
        for name in re.findall(r'{% static "([^"]+)" %}', template.read_text()):
            assert finders.find(name), name


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)
def test_every_template_compiles(path):
    get_template(path.relative_to(TEMPLATES).as_posix())


def test_scripts_are_short():
    for path in (Path(settings.BASE_DIR) / "static" / "js").glob("*.js"):
        assert len(path.read_text().splitlines()) <= 60, path


def tokens(theme: int) -> dict[str, str]:
    text = (CSS / "tokens.css").read_text()
    return {
        name: pair.split(",")[theme].strip()
        for name, pair in re.findall(r"--([\w-]+): light-dark\(([^)]+)\)", text)
    }


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_is_right():
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)


PAIRS = [
    *[(text, ground, 4.5) for text in ("text", "text-2", "text-3") for ground in ("ground", "surface", "sunken")],
    *[("accent", ground, 4.5) for ground in ("ground", "surface")],
    ("accent-strong", "accent-soft", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    *[(state, f"{state}-soft", 4.5) for state in ("ok", "warn", "bad")],
    *[(state, "surface", 4.5) for state in ("ok", "warn", "bad")],
    *[("text", f"{state}-soft", 4.5) for state in ("ok", "warn", "bad", "accent")],
    ("edge", "surface", 3),
    ("bad-line", "surface", 3),
]  # fmt: skip


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground", "least"), PAIRS)
def test_text_and_edges_stand_out(theme, text, ground, least):
    assert contrast(tokens(theme)[text], tokens(theme)[ground]) >= least


def test_white_letters_stand_out_on_every_tone():
    for colour in re.findall(
        r"\.tone-\w+ \{ background: (#\w+)", (CSS / "components/avatar.css").read_text()
    ):
        assert contrast("#fff", colour) >= 4.5
