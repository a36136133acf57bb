"""Which language a page speaks to its reader, and which one is written down for everybody."""

from contextlib import AbstractContextManager
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import formats, translation
from django.utils.functional import Promise, lazy
from django.utils.translation import pgettext, pgettext_lazy

# Events, what an application said and every other text in the database: two administrators must read the same log.
WRITTEN = "en"
LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)

# Every form in which a page writes a day or a moment. A translation says the same in its own order and with its own dots.
FORMS = (
    pgettext_lazy("date format", "j M Y"),
    pgettext_lazy("date format", "j M Y, H:i"),
    pgettext_lazy("date format", "j M Y, H:i T"),
    pgettext_lazy("date format", "j M Y, H:i:s T"),
    pgettext_lazy("date format", "j F Y, H:i:s"),
    pgettext_lazy("date format", "j F Y, H:i T"),
    pgettext_lazy("date format", "j M H:i"),
    pgettext_lazy("date format", "j M H:i:s"),
    pgettext_lazy("date format", "j M, H:i:s"),
)


def asked_for(request: HttpRequest, usual: str = "") -> str:
    """Without a person: what was chosen in this browser, what is `usual` here, what the browser asks for (RFC 9110, section 12.5.4)."""
    chosen = spoken(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
    return chosen or spoken(usual) or translation.get_language_from_request(request)


def spoken(code: str) -> str:
    """`code` if the portal speaks it, otherwise ""."""
    return code if code in LANGUAGES else ""


def for_the_record() -> AbstractContextManager[None]:
    """What is put into words inside is kept, and read by people of other languages."""
    return translation.override(WRITTEN)


def _put(template: str | Promise, values: dict[str, object]) -> str:
    return str(template) % values


_later: Any = lazy(_put, str)


def said(template: str | Promise, values: dict[str, object]) -> Promise:
    """`said(_("%(name)s is away."), {"name": …})`: a lazy text with values, put into words for whoever reads it at last."""
    promise: Promise = _later(template, values)
    return promise


def written(text: object) -> str:
    """A lazy text as it is kept."""
    with for_the_record():
        return str(text)


def day(value: date, form: str = "j M Y") -> str:
    """A date or moment in the reader's language; `form` is one of FORMS, or has nothing but a time."""
    return formats.date_format(value, pgettext("date format", form))
