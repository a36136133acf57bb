"""Each language that is offered says everything that the product says (bin/translations)."""

import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import pgettext

from apps.lib.language import FORMS

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
MISSING = "gettext is not installed (Debian and Ubuntu: apt-get install gettext)"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w+\}|</?\w+[^>]*>")


def program(name):
    if shutil.which(name) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return name


def catalogue(language):
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module")
def read_anew(tmp_path_factory):
    """A copy of the product, with its texts read into the catalogues as bin/translations does."""
    program("xgettext")
    copy = tmp_path_factory.mktemp("texts")
    for name in ("apps", "portal", "templates", "locale"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "manage.py", copy)
    command = [sys.executable, "manage.py", "makemessages", "--all", "--no-wrap", "--no-location", "--no-obsolete"]  # fmt: skip
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings", "DATA_DIR": str(copy / "data"), "PYTHONPATH": str(copy)}  # fmt: skip
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return copy


def untold(path):
    """The texts that a catalogue leaves out or is not sure of, as msgattrib prints them."""
    found = []
    for which in ("--untranslated", "--only-fuzzy"):
        command = [program("msgattrib"), "--no-wrap", "--no-obsolete", which, str(path)]
        found += re.findall(
            r'^msgid "(.+)"$',
            subprocess.run(command, capture_output=True, text=True, check=True).stdout,
            re.M,
        )
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated(read_anew, language):
    path = read_anew / catalogue(language).relative_to(ROOT)
    assert untold(path) == [], "run bin/translations, translate these, run it once more"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_is_missing_or_guessed_would_be_noticed(tmp_path, language):
    lines = catalogue(language).read_text()
    spoiled = tmp_path / "django.po"
    spoiled.write_text(lines + '\nmsgid "Nobody has said this."\nmsgstr ""\n\n#, fuzzy\nmsgid "A guess."\nmsgstr "Geraten."\n')  # fmt: skip
    assert untold(spoiled) == ["Nobody has said this.", "A guess."]


def compiled(language):
    with catalogue(language).with_suffix(".mo").open("rb") as file:
        return {key: text for key, text in gettext.GNUTranslations(file)._catalog.items() if key}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_was_written(tmp_path, language):
    """The compiled catalogue is committed: a stranger's machine need not have gettext."""
    fresh = tmp_path / "django.mo"
    subprocess.run(
        [program("msgfmt"), "--check-format", "-o", fresh, catalogue(language)],
        check=True,
        capture_output=True,
    )
    with fresh.open("rb") as file:
        texts = {key: text for key, text in gettext.GNUTranslations(file)._catalog.items() if key}
    assert compiled(language) == texts, "run bin/translations"


def marks(text):
    return sorted(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_and_tags_are_where_the_original_has_them(language):
    wrong = []
    for key, text in compiled(language).items():
        if isinstance(key, tuple):  # of a plural; in the singular a language may say "one" in words
            continue
        original = key.rpartition("\x04")[2]
        if marks(original) != marks(text):
            wrong.append((original, text))
    assert wrong == []
    assert marks("<b>%(name)s</b> %d") == ["%(name)s", "%d", "</b>", "<b>"]  # or it would notice nothing


# One word for one thing, and German typography: what must not be written → what is.
GERMAN = {
    r"Sign-On": "Single Sign-on",
    r"\bReiter\b|(?:[Aa]uf dem |SSO-)Tab\b": "Registerkarte; a Tab is the browser's",
    r"Signierschlüssel": "Signaturschlüssel",
    r"Kurztaste": "Tastenkürzel",
    r"\bNutzer\b": "Benutzer or Person",
    r"\b(?:Applikation|Mandant|Ereignislog|Log)\b": "Anwendung, Organisation, Ereignisprotokoll",
    r" …(?![/“])|\.\.\.": "… without a space",
    r"(?<![=\\])\"(?!>)": "„…“",
    r"“[A-Za-zÄÖÜ]": "„…“",
}


def slips(texts):
    """Each German text that is written otherwise; markup and paths in brackets keep their straight quotes."""
    told = [re.sub(r"<[^>]+>|\[[^]]+\]", "", text) for text in texts]
    return [(text, right) for text in told for wrong, right in GERMAN.items() if re.search(wrong, text)]


def test_german_has_one_word_for_one_thing():
    assert slips(compiled("de").values()) == []


@pytest.mark.parametrize(
    "text", ["Single Sign-On", "Ändern …", 'Die "Quelle"', "Auf dem Tab General", "Alle Nutzer", "“Quelle”"]
)
def test_a_slip_in_german_would_be_noticed(text):
    assert slips([text])


def test_every_form_of_a_date_in_use_can_be_translated():
    used = set()
    for path in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "apps").rglob("*.py")]:
        text = path.read_text()
        used |= set(re.findall(r'local_time:"([^"]*)"', text))
        used |= set(re.findall(r'language\.day\([^"\n]*, "([^"]*)"\)', text))
    known = {form.split("\x04")[-1] for form in map(str, FORMS)}
    assert {form for form in used if re.search("[djFMYy]", form)} <= known
    assert pgettext("date format", "j M Y") == "j M Y"
