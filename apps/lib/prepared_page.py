"""Pages that are rendered once and then filled in, for what every sign-on ends with (docs/decisions/0022-what-a-sign-on-keeps.md)."""

import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.translation import get_language

from apps.lib.templatetags.interface import chosen_theme


class PreparedPage:
    """An ordinary template, rendered with marks in place of the values that `slots` names; they are escaped when they are filled in.

    What is kept is the product's own text, by language and theme, and nothing of anybody. So a slot may only be printed: the
    template branches on what `fill` is given as `shape` alone, of which there are few, and reads nothing else of the request.
    """

    def __init__(self, template: str, *slots: str) -> None:
        self._template = template
        self._marks = {slot: f"slot{secrets.token_hex(16)}" for slot in slots}
        self._pages: dict[tuple[Any, ...], list[tuple[str, str]]] = {}

    def fill(self, request: HttpRequest, values: dict[str, str], **shape: bool) -> str:
        """`values` has every slot, text or SafeString."""
        theme = chosen_theme(request.COOKIES)
        # Where the scripts are is settled when the process starts; tests change their mind.
        key = (get_language(), theme, str(settings.STORAGES), *shape.items())
        page = self._pages.get(key)
        if page is None or settings.DEBUG:
            page = self._pages[key] = self._rendered(request, shape)
        filled = {slot: conditional_escape(value) for slot, value in values.items()}
        return "".join([part for text, slot in page for part in (text, filled[slot] if slot else "")])

    def _rendered(self, request: HttpRequest, shape: dict[str, bool]) -> list[tuple[str, str]]:
        """Each text with the slot that follows it; "" follows the last."""
        # For the tag that reads the theme; context processors would bring in who is signed in.
        page = render_to_string(self._template, self._marks | shape | {"request": request})
        parts: list[tuple[str, str]] = [(page, "")]
        for slot, mark in self._marks.items():
            parts = [piece for text, after in parts for piece in _split(text, mark, slot, after)]
        return parts


def _split(text: str, mark: str, slot: str, after: str) -> list[tuple[str, str]]:
    *before, last = text.split(mark)
    return [*((each, slot) for each in before), (last, after)]
