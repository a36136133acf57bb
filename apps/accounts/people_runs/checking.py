"""The lines of a file before anything is made of them: what each lacks, and who is here already. Some hundred lines for a few questions."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.accounts.models import PeopleRow, PeopleRun, RowOutcome, RunState
from apps.accounts.people_runs.leases import RUNS
from apps.directory.models import Group, User
from apps.directory.validators import fold

CHUNK = 200
KEYS = {"email": "email_key", "username": "username_key"}
NOT_TYPED = {"password", "tenant", "username_key", "email_key"}


@transaction.atomic
def check_chunk(run: PeopleRun) -> bool:
    """False when every line is checked: the run waits for its administrator then."""
    rows = list(PeopleRow.objects.filter(run=run).order_by("position")[run.checked : run.checked + CHUNK])
    if not rows:
        counts = _counts(run)
        RUNS.settle(
            run,
            state=RunState.REVIEW,
            refused=counts.get(RowOutcome.REFUSED, 0),
            unchanged=counts.get(RowOutcome.UNCHANGED, 0),
        )
        return False
    waiting = [row for row in rows if row.outcome == RowOutcome.WAITING]
    here, earlier = _people_here(waiting), _earlier(run, waiting)
    groups = _groups_named(waiting, set(run.told.get("closed", [])))
    for row in waiting:
        _judge(row, here, groups, earlier)
    PeopleRow.objects.bulk_update(waiting, ["outcome", "problem", "user", "groups"])
    RUNS.keep(run, checked=run.checked + len(rows))
    return True


def _counts(run: PeopleRun) -> dict[str, int]:
    rows = PeopleRow.objects.filter(run=run).order_by()
    return dict(rows.values_list("outcome").annotate(Count("pk")))


def _judge(
    row: PeopleRow, here: dict[str, User], groups: dict[str, UUID], earlier: dict[tuple[str, str], int]
) -> None:
    if person := here.get(f"email:{row.email_key}"):
        row.outcome, row.user = RowOutcome.UNCHANGED, person
        row.problem = _("%(name)s has this e-mail address already.") % {"name": person}
        return
    row.problem = _problem(row, here, groups, earlier)[:1000]
    if row.problem:
        row.outcome = RowOutcome.REFUSED
    else:
        row.groups = [str(groups[fold(name)]) for name in row.groups]


def _problem(
    row: PeopleRow, here: dict[str, User], groups: dict[str, UUID], earlier: dict[tuple[str, str], int]
) -> str:
    """Everything that is wrong, so that one look at the file is enough; "" if nothing is."""
    if not row.fields.get("email"):
        return _("The e-mail address is missing.")
    found = []
    try:
        User(**row.fields).clean_fields(exclude=NOT_TYPED)
    except ValidationError as error:
        found += [f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items()]
    for name, key in KEYS.items():
        first = earlier.get((name, getattr(row, key)))
        if first is not None and first < row.position:
            found.append(_("%(field)s: line %(number)s has the same.") % {"field": name, "number": first})
    if person := here.get(f"username:{row.username_key}"):
        found.append(_("username: %(name)s has it already.") % {"name": person})
    found += [
        _("groups: there is no user group “%(name)s” whose members are changed here.") % {"name": name}
        for name in row.groups
        if fold(name) not in groups
    ]
    return " ".join(found)


def _people_here(rows: list[PeopleRow]) -> dict[str, User]:
    emails, usernames = {row.email_key for row in rows}, {row.username_key for row in rows}
    people = User.objects.checked().filter(Q(email_key__in=emails) | Q(username_key__in=usernames))
    found: dict[str, User] = {}
    for person in people:
        found[f"username:{person.username_key}"] = person
        if not person.shares_email:
            found[f"email:{person.email_key}"] = person
    return found


def _groups_named(rows: list[PeopleRow], closed: set[str]) -> dict[str, UUID]:
    names = {fold(name) for row in rows for name in row.groups} - closed
    return dict(Group.objects.filter(name_key__in=names).values_list("name_key", "pk"))


def _earlier(run: PeopleRun, rows: list[PeopleRow]) -> dict[tuple[str, str], int]:
    """(field, key) → the first line that has it."""
    found: dict[tuple[str, str], int] = {}
    for name, key in KEYS.items():
        keys = {getattr(row, key) for row in rows} - {""}
        named: Any = PeopleRow.objects.filter(run=run, **{f"{key}__in": keys}).order_by("position")
        for value, position in named.values_list(key, "position"):
            found.setdefault((name, value), position)
    return found
