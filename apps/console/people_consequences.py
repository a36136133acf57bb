"""What an act on many people means in each application: asked of the database in a few questions, however many they are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import PeopleAct, PeopleRow, PeopleRun, RowOutcome
from apps.applications.models import Application, Assignment
from apps.console.application_page import applications_for_pages
from apps.console.consequences import accounts_of_joiners, accounts_of_leavers, waiting_for_approval
from apps.directory.models import Membership, User


@dataclass(frozen=True, slots=True)
class Effect:
    """`people` gain or lose `application`; `text` says what becomes of their accounts there."""

    application: Application
    people: int
    text: str


WHAT: dict[str, Any] = {
    PeopleAct.DEACTIVATE: gettext_lazy(
        "Their sessions end at once and they can no longer sign in, here or in any application. Their groups stay as they are; "
        "reactivating brings all of it back."
    ),
    PeopleAct.REACTIVATE: gettext_lazy("They can sign in again, and have what their groups open."),
    PeopleAct.JOIN: gettext_lazy("They become members, and have what the group opens within a second."),
    PeopleAct.LEAVE: gettext_lazy(
        "They are no longer members. What only this group gave them they lose at once."
    ),
    PeopleAct.INVITE: gettext_lazy(
        "Whoever has no password yet gets an invitation, good for seven days; everybody else a link to set a new password, good for an "
        "hour. Their present password works meanwhile, and nothing changes in any application."
    ),
    PeopleAct.IMPORT: gettext_lazy(
        "They become people here, without a password and without a role. What they may open is decided by their groups."
    ),
}


def effects_of(run: PeopleRun) -> list[Effect]:
    """By application; without those where nothing changes."""
    counted = COUNTED[PeopleAct(run.act)](run) if run.act in COUNTED else {}
    loses = run.act in {PeopleAct.DEACTIVATE, PeopleAct.LEAVE}
    applications = applications_for_pages().filter(
        pk__in=[key for key, count in counted.items() if count > 0]
    )
    waiting = waiting_for_approval(counted) if loses else set()
    return [
        Effect(each, counted[each.pk], _effect(each, loses=loses, waiting=each.pk in waiting))
        for each in applications.order_by("display_label")
    ]


def _effect(application: Application, *, loses: bool, waiting: bool) -> str:
    accounts = (
        accounts_of_leavers(application, waiting=waiting) if loses else accounts_of_joiners(application)
    )
    if application.is_bookmark or not application.active:
        if loses:
            return _("Leaves their launcher.")
        if application.active:
            return _("Comes into their launcher.")
        return _("Comes into their launcher, once it is active.")
    sign_on = _("They can no longer sign in.") if loses else _("They can sign in.")
    return f"{sign_on} {accounts}".strip()


def deactivation_of(user: User) -> str:
    """What deactivating one person means, and for their accounts in the applications that their groups open. One query."""
    opened = applications_for_pages().filter(assignments__group__members=user).distinct()
    by_text: dict[str, list[str]] = {}
    for application in opened.order_by("display_label"):
        if accounts := accounts_of_leavers(application):
            by_text.setdefault(accounts, []).append(str(application))
    at_once = _("Their sessions end now and they can no longer sign in.")
    stays = _("Groups stay as they are; reactivating brings all of it back.")
    accounts_there = [f"{', '.join(names)}: {text}" for text, names in by_text.items()]
    return " ".join([at_once, *accounts_there, stays])


def _people(run: PeopleRun, *, active: bool) -> Any:
    """QuerySet of ids of those whose turn is still to come."""
    rows = PeopleRow.objects.filter(run=run, outcome=RowOutcome.WAITING, user__active=active)
    return rows.values("user_id")


def _given(assignments: Any, users: Any) -> dict[Any, int]:
    """Application id → how many of `users` the assignments give it."""
    rows = assignments.filter(group__memberships__user__in=users).order_by().values_list("application")
    return dict(rows.annotate(Count("group__memberships__user", distinct=True)))


def _deactivated(run: PeopleRun) -> dict[Any, int]:
    return _given(Assignment.objects.all(), _people(run, active=True))


def _reactivated(run: PeopleRun) -> dict[Any, int]:
    return _given(Assignment.objects.all(), _people(run, active=False))


def _of_group(run: PeopleRun) -> list[Any]:
    return list(Assignment.objects.filter(group=run.group_id).values_list("application_id", flat=True))


def _joining(run: PeopleRun) -> dict[Any, int]:
    people, opened = _people(run, active=True), _of_group(run)
    have = _given(Assignment.objects.filter(application__in=opened), people)
    everybody = people.count()
    return {key: everybody - have.get(key, 0) for key in opened}


def _leaving(run: PeopleRun) -> dict[Any, int]:
    members = Membership.objects.filter(group=run.group_id, user__in=_people(run, active=True))
    opened = _of_group(run)
    others = Assignment.objects.filter(application__in=opened).exclude(group=run.group_id)
    keep, everybody = _given(others, members.values("user_id")), members.count()
    return {key: everybody - keep.get(key, 0) for key in opened}


def _imported(run: PeopleRun) -> dict[Any, int]:
    """Whom a file names together with user groups that are here."""
    rows = PeopleRow.objects.filter(run=run, outcome=RowOutcome.WAITING).exclude(groups=[])
    named = [frozenset(groups) for groups in rows.order_by().values_list("groups", flat=True)]
    opened: dict[str, set[Any]] = {}
    pairs = Assignment.objects.filter(group__in={group for groups in named for group in groups})
    for group, application in pairs.values_list("group_id", "application_id"):
        opened.setdefault(str(group), set()).add(application)
    counted: Counter[Any] = Counter()
    for groups, times in Counter(named).items():
        for application in _union(opened.get(group, set()) for group in groups):
            counted[application] += times
    return dict(counted)


def _union(sets: Iterable[set[Any]]) -> set[Any]:
    found: set[Any] = set()
    return found.union(*sets)


COUNTED = {
    PeopleAct.DEACTIVATE: _deactivated,
    PeopleAct.REACTIVATE: _reactivated,
    PeopleAct.JOIN: _joining,
    PeopleAct.LEAVE: _leaving,
    PeopleAct.IMPORT: _imported,
}


def words_of(run: PeopleRun) -> str:
    """What the act does, whatever applications there are."""
    words = str(WHAT[run.act])
    if run.act == PeopleAct.IMPORT:
        words += " " + (
            _("Each gets a mail with a link to set a password, good for seven days.")
            if run.invites
            else _("No mail is sent: invite them later, from the list of people.")
        )
    return words
