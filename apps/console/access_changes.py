"""Who would gain and who would lose an application if other groups were bound to it: told before it is saved."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import ngettext

from apps.applications.models import Application, Assignment
from apps.console.consequences import accounts_of_joiners, accounts_of_leavers, waiting_for_approval
from apps.directory.models import Group, Membership, User

NAMED = 5  # people; of the others the number


@dataclass(frozen=True, slots=True)
class AccessChange:
    """Active people. `total` have it afterwards; names are those of the first few."""

    application: Application
    gaining: int
    losing: int
    total: int
    gaining_names: str
    losing_names: str

    @property
    def leavers_accounts(self) -> str:
        """What becomes of the accounts of those who lose it."""
        waiting = waiting_for_approval({self.application.pk: self.losing})
        return accounts_of_leavers(self.application, waiting=bool(waiting))

    @property
    def sentences(self) -> str:
        """For a page that asks before it is done."""
        label, found = {"application": self.application}, []
        if self.gaining:
            text = ngettext(
                "%(people)s gains %(application)s.", "%(people)s gain %(application)s.", self.gaining
            )
            found += [text % (label | {"people": self.gaining_names}), accounts_of_joiners(self.application)]
        if self.losing:
            text = ngettext(
                "%(people)s loses %(application)s.", "%(people)s lose %(application)s.", self.losing
            )
            found += [text % (label | {"people": self.losing_names}), self.leavers_accounts]
        if not found:
            text = ngettext(
                "Nobody gains or loses it: %(total)s person has it.",
                "Nobody gains or loses it: %(total)s people have it.",
                self.total,
            )
            found.append(text % {"total": self.total})
        return " ".join(sentence for sentence in found if sentence)


def access_change(application: Application, wanted: Collection[Group]) -> AccessChange:
    """If exactly `wanted` were bound. Three questions at the most, however many people."""
    people = User.objects.active().annotate(
        has=Exists(
            Assignment.objects.filter(application=application, group__memberships__user=OuterRef("pk"))
        ),
        would=Exists(Membership.objects.filter(user=OuterRef("pk"), group__in=wanted)),
    )
    gain, loss = Q(has=False, would=True), Q(has=True, would=False)
    counts = people.aggregate(
        gaining=Count("pk", filter=gain),
        losing=Count("pk", filter=loss),
        total=Count("pk", filter=Q(would=True)),
    )
    return AccessChange(
        application,
        **counts,
        gaining_names=_names(people.filter(gain), counts["gaining"]),
        losing_names=_names(people.filter(loss), counts["losing"]),
    )


def _names(people: Any, count: int) -> str:
    """ "Ann, Bob", or "Ann, Bob and 12 others"."""
    if not count:
        return ""
    names = ", ".join(str(person) for person in people.order_by("username_key")[:NAMED])
    if count <= NAMED:
        return names
    text = ngettext("%(names)s and %(count)s other", "%(names)s and %(count)s others", count - NAMED)
    return text % {"names": names, "count": count - NAMED}
