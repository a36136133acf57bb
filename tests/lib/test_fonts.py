"""The family that we serve: small, and with every character that the product says."""

import re
from pathlib import Path

from django.conf import settings

STATIC = settings.BASE_DIR / "static"
FACES = re.compile(
    r'url\("\.\./fonts/(?P<name>[\w-]+)\.woff2"\).*?font-weight: (?P<least>\d+) (?P<most>\d+);.*?unicode-range: (?P<ranges>[^;]+);',
    re.DOTALL,
)
CODES = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?")


def faces():
    return list(FACES.finditer((STATIC / "css/fonts.css").read_text()))


def covered(face):
    """Code points."""
    pairs = CODES.findall(face["ranges"])
    return {code for first, last in pairs for code in range(int(first, 16), int(last or first, 16) + 1)}


def said():
    """Code points of everything that the catalogues say, in both languages."""
    texts = "".join(po.read_text() for po in Path(settings.BASE_DIR / "locale").rglob("*.po"))
    return {ord(each) for each in texts if each.isprintable()}


def test_every_character_of_the_catalogues_is_among_those_that_were_kept():
    assert len(faces()) == 1
    assert [chr(code) for face in faces() for code in said() - covered(face)] == []
    assert {ord(each) for each in "„“ßüé…→"} <= said() | covered(faces()[0])
    assert ord("Ж") not in covered(faces()[0])  # such a name is shown in a font of the reader's system


def test_the_weights_of_the_style_sheets_are_in_the_files():
    sheets = "".join(sheet.read_text() for sheet in STATIC.glob("css/**/*.css") if sheet.name != "fonts.css")
    used = {int(weight) for weight in re.findall(r"font(?:-weight)?: (\d00)\b", sheets)}
    assert {400, 600} <= used
    assert all(int(face["least"]) <= weight <= int(face["most"]) for face in faces() for weight in used)


def test_the_file_is_small_and_has_its_licence_beside_it():
    for face in faces():
        font = (STATIC / "fonts" / f"{face['name']}.woff2").read_bytes()
        assert font[:4] == b"wOF2"
        assert 0 < len(font) <= 30_000
        assert (
            "SIL Open Font License, Version 1.1"
            in (STATIC / "fonts" / f"{face['name']}-licence.txt").read_text()
        )
