"""What bin/fonts runs: each family of static/css/fonts.css, cut down to its characters and weights, beside its licence."""

import re
import sys
from importlib.resources import files
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

SHEET, CATALOGUES, WRITTEN = Path("static/css/fonts.css"), Path("locale"), Path("static/fonts")
SOURCES = {"inter": ("fontpkg_inter", "Inter[opsz,wght].ttf")}
# The lightest and the boldest of static/css, drawn for the size that most of a page is set in: the other optical sizes weigh a third of the file.
AXES = {"wght": (400, 600), "opsz": 14}
# Kerning, figures of one width, and what accents need: the measures stay those of the whole font.
FEATURES = ["kern", "tnum", "ccmp", "locl", "mark", "mkmk"]


def characters(sheet: str, name: str) -> set[int]:
    """Code points of the `unicode-range` of the face that names this file."""
    face = next(face for face in sheet.split("@font-face") if f"/{name}.woff2" in face)
    ranges = re.search(r"unicode-range:([^;]+);", face).group(1)
    pairs = [part.strip().removeprefix("U+").split("-") for part in ranges.split(",")]
    return {code for pair in pairs for code in range(int(pair[0], 16), int(pair[-1], 16) + 1)}


def write(name: str, package: str, file: str) -> None:
    wanted, font = (
        characters(SHEET.read_text(), name),
        TTFont(files(package) / "files" / file, recalcTimestamp=False),
    )
    options = Options()
    options.layout_features, options.name_IDs = FEATURES, [0, 1, 2, 3, 4, 5, 6, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font = instantiateVariableFont(font, AXES)
    said = {ord(each) for po in CATALOGUES.rglob("*.po") for each in po.read_text() if each.isprintable()}
    if missing := said - font.getBestCmap().keys():
        sys.exit(f"{file} has no {' '.join(map(chr, sorted(missing)))}, which the catalogues say.")
    font.flavor = "woff2"
    font.save(WRITTEN / f"{name}.woff2")
    licence = (files(package) / "LICENSE").read_text()
    (WRITTEN / f"{name}-licence.txt").write_text(licence)


WRITTEN.mkdir(exist_ok=True)
for family, (source, original) in SOURCES.items():
    write(family, source, original)
