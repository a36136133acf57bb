"""Which columns the log may have. What an event is called, and where it leads, is always there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Column:
    title: Any
    usual: bool = False


COLUMNS = {
    "time": Column(_("Time"), usual=True),
    "about": Column(_("About"), usual=True),
    "application": Column(_("Application")),
    "by": Column(_("By"), usual=True),
    "address": Column(_("Address")),
    "method": Column(_("Signed in by")),
    "browser": Column(_("Browser")),
    "result": Column(_("Result"), usual=True),
    "reference": Column(_("Reference")),
}
USUAL = tuple(name for name, column in COLUMNS.items() if column.usual)


def chosen(names: Sequence[str]) -> Sequence[str]:
    """In their order; the usual ones for who names none that there is."""
    return [name for name in COLUMNS if name in names] or USUAL
