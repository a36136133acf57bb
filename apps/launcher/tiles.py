"""What stands in a person's launcher, as values for the template."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.directory.models import User


@dataclass(frozen=True, slots=True)
class Tile:
    """`picture` is an address, `icon` a slug of Simple Icons, `tone` a colour: the first of them that there is, is shown."""

    name: str
    description: str
    picture: str
    icon: str
    tone: str
    url: str
    new_tab: bool
    waiting: bool
    hidden: bool


def tiles_for(user: User, *, search: str = "", waiting: Collection[Any] = ()) -> list[Tile]:
    """In the order of their labels. `waiting` holds the ids of applications where the person's account is not there yet."""
    applications = Application.objects.assigned_to(user).shown().defer("logo").annotate(has_logo=~Q(logo=b""))
    words = plain(search).split()
    tiles = [_tile(application, words, waiting) for application in applications]
    return sorted(tiles, key=lambda tile: plain(tile.name))


def plain(text: str) -> str:
    """As static/js/search_filter.js compares: without accents, in lower case."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in decomposed if not unicodedata.category(sign).startswith("M")).lower()


def logo_address(application: Application) -> str:
    """Changes with the picture, so that browsers may keep it."""
    return f"{reverse('launcher:logo', args=[application.slug])}?v={int(application.updated_at.timestamp())}"


def _tile(application: Any, words: list[str], waiting: Collection[Any]) -> Tile:
    connector = application.connector
    described = application.description or (_("Opens in a new tab") if application.is_bookmark else "")
    haystack = plain(f"{application.display_label} {described}")
    return Tile(
        name=application.display_label,
        description=described,
        picture=logo_address(application) if application.has_logo else "",
        icon=connector.icon,
        tone=application.colour or ("" if connector.icon else connector.colour),
        url=reverse("launcher:launch", args=[application.slug]),
        new_tab=application.is_bookmark,
        waiting=application.pk in waiting,
        hidden=not all(word in haystack for word in words),
    )
