"""What stands in a person's launcher, as values for the template."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access import WRITERS, role_of
from apps.applications.models import Application
from apps.directory.models import User
from apps.insights.obstacles import sso_is_set_up
from apps.launcher.models import Shortcut

RECENT = 4
WORTH_IT = 7  # tiles from which on "Recent" saves a look
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tile:
    """`picture` is an address, `icon` a slug of Simple Icons, `tone` a colour: the first of them that there is, is shown. `unready`:
    single sign-on is not set up, and the address is that of its tab in the console.
    """

    pk: UUID
    slug: str
    name: str
    description: str
    picture: str
    icon: str
    tone: str
    url: str
    new_tab: bool
    waiting: bool
    unready: bool
    hidden: bool
    favourite: bool
    opened_at: datetime | None


def tiles_for(user: User, *, search: str = "", waiting: Collection[Any] = ()) -> list[Tile]:
    """In the person's own order, then in that of their labels. `waiting` holds the ids of applications where the person's account is
    not there yet. What is not set up yet would only refuse people, so those alone see it who can set it up.
    """
    applications = (
        Application.objects.assigned_to(user)
        .shown()
        .select_related("sso")
        .defer("logo", "sso__attributes", "sso__sp_certificates")
        .annotate(has_logo=~Q(logo=b""))
    )
    sets_up = role_of(user) in WRITERS
    words = plain(search).split()
    shortcuts = {row.application_id: row for row in Shortcut.objects.filter(user=user)}
    unarranged = Shortcut()
    tiles = []
    for application in applications:
        unready = not application.is_bookmark and not sso_is_set_up(application)
        if unready and not sets_up:
            continue
        shortcut = shortcuts.get(application.pk, unarranged)
        place = (shortcut.position is None, shortcut.position or 0, plain(application.display_label))
        tiles.append((place, _tile(application, shortcut, words, waiting, unready=unready)))
    return [tile for _place, tile in sorted(tiles, key=itemgetter(0))]


def recent_of(tiles: Sequence[Tile]) -> list[Tile]:
    """The last few that were opened; none where everything is in sight anyway."""
    opened = [tile for tile in tiles if tile.opened_at is not None]
    if len(tiles) < WORTH_IT:
        return []
    return sorted(opened, key=lambda tile: tile.opened_at or NEVER, reverse=True)[:RECENT]


def plain(text: str) -> str:
    """As static/js/search_filter.js compares: without accents, in lower case."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in decomposed if not unicodedata.category(sign).startswith("M")).lower()


def logo_address(application: Application) -> str:
    """Changes with the picture, so that browsers may keep it."""
    return f"{reverse('launcher:logo', args=[application.slug])}?v={int(application.updated_at.timestamp())}"


def _tile(
    application: Any, shortcut: Shortcut, words: list[str], waiting: Collection[Any], *, unready: bool
) -> Tile:
    connector = application.connector
    described = application.description or (_("Opens in a new tab") if application.is_bookmark else "")
    haystack = plain(f"{application.display_label} {described}")
    return Tile(
        pk=application.pk,
        slug=application.slug,
        name=application.display_label,
        description=described,
        picture=logo_address(application) if application.has_logo else "",
        icon=connector.icon,
        tone=application.colour or ("" if connector.icon else connector.colour),
        url=reverse("console:application_sso", args=[application.pk])
        if unready
        else reverse("launcher:launch", args=[application.slug]),
        new_tab=application.is_bookmark,
        waiting=application.pk in waiting,
        unready=unready,
        hidden=not all(word in haystack for word in words),
        favourite=shortcut.favourite,
        opened_at=shortcut.opened_at,
    )
