"""What was kept in English is read in the reader's language, and what is not ours stays as it is."""

import pytest
from django.template import Context, Template
from django.utils import translation

from apps.lib.retelling import retold


@pytest.fixture
def german():
    with translation.override("de"):
        yield


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Email has already been taken",
        "Invalid token; ask your administrator (reference 4711).",
        "%(name)s %s {0} <b>",
        "x" * 3000,
        ": ",
    ],
)
def test_what_an_application_said_stays_as_it_is(german, text):
    assert retold(text) == text


def test_values_are_put_in_as_they_were_and_never_read_as_a_template(german):
    name = "Ann %(name)s <Lee>"
    assert retold(f"{name} may no longer do this.") == f"{name} darf das nicht mehr tun."


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("The e-mail address is missing.", "Die E-Mail-Adresse fehlt."),
        ("email: line 7 has the same.", "email: Zeile 7 hat denselben Wert."),
        ("email: This is already taken.", "email: Dies ist bereits vergeben."),
        (
            "The e-mail address is missing. username: Ann Lee has it already.",
            "Die E-Mail-Adresse fehlt. username: Ann Lee hat diesen Benutzernamen bereits.",
        ),
        (
            "An account with this name exists there, but with another e-mail address.",
            "Ein Konto mit diesem Namen gibt es dort, aber mit einer anderen E-Mail-Adresse.",
        ),
        (
            "The certificate of scim.example.com has expired.",
            "Das Zertifikat von scim.example.com ist abgelaufen.",
        ),
        ("No connection to 10.0.0.1.", "Keine Verbindung zu 10.0.0.1."),
        (
            "CN=sp,O=Acme, valid 1 May 2026 to 31 Dec 2027, SHA-256 AA:BB",
            "CN=sp,O=Acme, gültig 1. Mai 2026 bis 31. Dez 2027, SHA-256 AA:BB",
        ),
        (
            "CN=sp, valid 31 Feb 2026 to never, SHA-256 AA",  # no day of ours
            "CN=sp, gültig 31 Feb 2026 bis never, SHA-256 AA",
        ),
        ("https://sp.example/acs (index 0, default)", "https://sp.example/acs (Index 0, Standard)"),
        ("It answered 502.", "Die Antwort war 502."),
    ],
)
def test_our_own_sentences_are_told_in_the_readers_language(german, kept, told):
    assert retold(kept) == told


def test_an_english_reader_reads_what_was_kept():
    assert retold("The e-mail address is missing.") == "The e-mail address is missing."


def test_a_page_escapes_what_was_told(german):
    page = Template("{{ text|retold }}").render(Context({"text": "<b> may no longer do this."}))
    assert page == "&lt;b&gt; darf das nicht mehr tun."
