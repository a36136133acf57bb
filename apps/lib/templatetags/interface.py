"""Template tags of every page: icons, logos, people, places, times. docs/interface.md shows each in use."""

import json
import re
import zlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from lucide.templatetags.lucide import lucide
from simple_icons_pack import get_icon

from apps.lib.correlation import current_correlation_id
from apps.lib.language import day
from apps.lib.retelling import retold

register = template.Library()

# Each has white text on it at 4.5:1 or more (static/css/components/avatar.css).
TONES = ("blue", "teal", "green", "amber", "red", "plum", "violet", "slate")


# What the package writes on every icon; the style sheet says it once (static/css/components/menu.css).
STROKES = ' fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
BETWEEN_TAGS = re.compile(r">\s+<")


class State(NamedTuple):
    icon: str
    word: Any


# The closed list of chips: a new state is added here, in chip.css and in docs/interface.md, or it is not a state.
STATES = {
    "active": State("circle-check", _("Active")),
    "inactive": State("circle-minus", _("Inactive")),
    "pending": State("clock", _("Pending")),
    "failing": State("circle-x", _("Failing")),
    "paused": State("circle-pause", _("Paused")),
    "expired": State("triangle-alert", _("Expired")),
    "new": State("sparkles", _("New")),
    "imported": State("check", _("Imported")),
    "neutral": State("circle-dot", ""),
    "info": State("info", ""),
}


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, label: str = "", css: str = "icon") -> SafeString:
    """An icon as inline SVG, drawn as `.icon` says. It is decoration unless `label` says in words what it stands for.

    Raises lucide.IconDoesNotExist for a name that the set does not have.
    """
    named = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    drawn = lucide(name, size=16, **{"class": css}, **named).replace(STROKES, "", 1)
    return mark_safe(BETWEEN_TAGS.sub("><", drawn))  # noqa: S308  # drawn by the package, escaped by it


@register.simple_tag
@lru_cache(maxsize=256)
def brand(slug: str) -> SafeString:
    """A company's mark in its own colour as inline SVG; empty if the set does not have it, so the caller shows a letter."""
    mark = get_icon(slug)
    if mark is None:
        return SafeString("")
    # The colour is an attribute, not a style: the content security policy refuses styles.
    attributes = f'fill="#{mark.hex}" aria-hidden="true" focusable="false"'
    return mark_safe(mark.svg.replace('role="img"', attributes, 1))  # noqa: S308  # constant of the package


@register.filter
def state_icon(state: str) -> str:
    return STATES[state].icon


@register.filter
def state_word(state: str) -> str:
    return str(STATES[state].word)


@register.filter
def initials(name: str) -> str:
    """Two letters at most: of the first and the last word, or of an address's local part."""
    words = [word for word in str(name).partition("@")[0].replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


@register.filter
def tone(key: object) -> str:
    """The CSS class of a colour that stays with this key, whatever process asks."""
    return f"tone-{TONES[zlib.crc32(str(key).encode()) % len(TONES)]}"


@register.simple_tag
def application_mark(name: str, slug: str = "", colour: str = "", css: str = "") -> SafeString:
    """A logo without a picture (components/logo.html): the connector's brand mark, else a letter on a colour."""
    mark = brand(slug) if slug and not colour else ""
    if mark:
        return format_html('<span class="logo {}" aria-hidden="true">{}</span>', css, mark)
    chosen = f"tone-{colour}" if colour else tone(name)
    return format_html('<span class="logo {} {}" aria-hidden="true">{}</span>', css, chosen, name[:1].upper())


@register.simple_tag
def stylesheets() -> SafeString:
    """The links to all sheets: every page has the same, so they are put together once, except while somebody works on them."""
    return _stylesheets.__wrapped__("") if settings.DEBUG else _stylesheets(str(settings.STORAGES))


@lru_cache(maxsize=4)
def _stylesheets(_storages: str) -> SafeString:
    return render_to_string("stylesheets.html")


@register.simple_tag
def log_reference() -> str:
    """The beginning of the id that the server's log bears while this request is answered; "" where there is none yet."""
    return str(current_correlation_id() or "")[:8]


def chosen_theme(cookies: Mapping[str, str]) -> str:
    chosen = cookies.get("theme", "")
    return chosen if chosen in {"light", "dark"} else "system"


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """What the cookie `theme` says, if it says something we know; otherwise the reader's system decides."""
    request = context.get("request")
    return chosen_theme(request.COOKIES) if request is not None else chosen_theme({})


@register.simple_tag(takes_context=True)
def current(context: template.Context, url: str, *, exact: bool = False) -> SafeString:
    """`aria-current` for a link to this page, or to a page above it unless `exact`."""
    request = context.get("request")
    path = request.path if request is not None else ""
    if url and path == url:
        return SafeString(' aria-current="page"')
    inside = bool(url) and not exact and path.startswith(url.rstrip("/") + "/")
    return SafeString(' aria-current="true"' if inside else "")


@register.filter(name="retold")
def in_the_readers_language(text: str) -> str:
    """A sentence of ours that was kept in English."""
    return retold(str(text or ""))


@register.filter
def sentence(words: str) -> str:
    """An application's own words before a sentence of ours: they end as one does."""
    words = words.rstrip()
    return f"{words}." if words and words[-1] not in ".!?…" else words


@register.filter
def milliseconds(seconds: float | None) -> str:
    return "—" if seconds is None else f"{seconds * 1000:.0f} ms"


@register.filter
def as_json(document: Any) -> str:
    """For a <pre>: the document indented. A text is an answer as it came: indented if it is JSON, else as it is."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return str(document)
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)


@register.filter
def plainly(value: object) -> SafeString:
    """A value of an event for people: each of several on a line of its own, names beside values, no brackets and quotes of a program."""
    lines = value if isinstance(value, list) else [value]
    shown = [_plain(line) for line in lines] or ["—"]
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in shown))  # a constant


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return " · ".join(f"{name}: {_plain(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "—"
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    return "—" if value is None or value == "" else str(value)


@register.filter
def local_text(value: datetime, form: str = "j M Y, H:i") -> str:
    """As local_time, where no element may stand: in a label or a title."""
    return day(timezone.localtime(value), form)


@register.filter
def local_time(value: datetime | date | None, form: str = "j M Y, H:i") -> SafeString:
    """`<time>` in the reader's zone and language, ISO 8601 in its title.

    `form` is one of apps.lib.language.FORMS, such as "j M Y, H:i" (12 Oct 2026, 10:14), or a time alone: "H:i:s".
    """
    if value is None:
        return SafeString("—")
    if isinstance(value, datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
        iso = value.isoformat(timespec="seconds")
        text = day(value, form)
    else:
        iso, text = value.isoformat(), day(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, iso, text)
