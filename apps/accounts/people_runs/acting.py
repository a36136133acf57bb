"""The act itself, some people in one transaction: each by the same action as on their own page, with the same refusals."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.access import WRITERS, may_grant
from apps.accounts.actions import keep_an_owner
from apps.accounts.models import Administrator, PeopleAct, PeopleRow, PeopleRun, RowOutcome, RunState
from apps.accounts.one_time_links import invite, send_password_link
from apps.accounts.people_runs.leases import RUNS
from apps.accounts.people_runs.notices import tell_of_the_end
from apps.directory import actions
from apps.directory.errors import DirectoryError
from apps.directory.models import Group, Membership, User
from apps.events.actors import Actor

CHUNK = 25  # people in one transaction
MEMBERS = 200  # of one group: the number of statements does not grow with them


class NotDone(Exception):
    """The text is the row's reason, a sentence for people."""


@transaction.atomic
def act_on_chunk(run: PeopleRun) -> bool:
    """False when nobody is left. Rows, counts and changes of a chunk are on record together or not at all."""
    by_group = run.act in {PeopleAct.JOIN, PeopleAct.LEAVE}
    waiting = PeopleRow.objects.filter(run=run, outcome=RowOutcome.WAITING).select_related(
        "user__administrator"
    )
    rows = list(waiting.order_by("position")[: MEMBERS if by_group else CHUNK])
    if not rows:
        RUNS.settle(run, state=RunState.DONE, finished_at=timezone.now())
        tell_of_the_end(run)
        return False
    role = _role_now(run)
    if role not in WRITERS:
        _refuse(rows, _("%(name)s may no longer do this.") % {"name": run.actor_name})
    elif by_group:
        _change_members(run, rows)
    else:
        for row in rows:
            _act(run, row, str(role))
    PeopleRow.objects.bulk_update(rows, ["outcome", "problem", "user"])
    outcomes = [row.outcome for row in rows]
    counts = {name: F(name) + outcomes.count(name) for name in ("done", "unchanged", "refused")}
    RUNS.keep(run, **counts)
    return True


def may_change(role: str | None, user: User) -> bool:
    """Whoever sets an owner's password, address or state could become one, or shut the only one out."""
    theirs: Administrator | None = getattr(user, "administrator", None)
    return theirs is None or may_grant(role, theirs.role)


def _role_now(run: PeopleRun) -> str | None:
    """Of whoever started it: somebody who lost their role meanwhile changes nobody any more."""
    try:
        holder = Administrator.objects.filter(user_id=UUID(run.actor_id), user__active=True).first()
    except ValueError:
        return None
    return holder.role if holder else None


def _refuse(rows: list[PeopleRow], problem: str) -> None:
    for row in rows:
        row.outcome, row.problem = RowOutcome.REFUSED, problem[:1000]


def _act(run: PeopleRun, row: PeopleRow, role: str) -> None:
    try:
        with transaction.atomic():
            changed = _import(run, row) if run.act == PeopleAct.IMPORT else _change(run, row, role)
    except NotDone as reason:
        _refuse([row], str(reason))
    except DirectoryError as error:
        _refuse([row], " ".join(text for texts in error.fields.values() for text in texts))
    else:
        row.outcome = RowOutcome.DONE if changed else RowOutcome.UNCHANGED


def _change(run: PeopleRun, row: PeopleRow, role: str) -> bool:
    """False where there was nothing to do. Raises NotDone, DirectoryError."""
    user = row.user
    if user is None:
        raise NotDone(_("This person is no longer here."))
    if not may_change(role, user):
        raise NotDone(_("Only an owner may change an owner."))
    return ACTS[PeopleAct(run.act)](user, run.actor)


def _deactivate(user: User, actor: Actor) -> bool:
    if str(user.pk) == actor.id:
        raise NotDone(_("This is yourself."))
    keep_an_owner(user)
    actions.deactivate_user(user, actor=actor)
    return user.active


def _reactivate(user: User, actor: Actor) -> bool:
    actions.reactivate_user(user, actor=actor)
    return not user.active


def _send_link(user: User, actor: Actor) -> bool:
    send_password_link(user, actor=actor)
    return True


ACTS: dict[PeopleAct, Callable[[User, Actor], bool]] = {
    PeopleAct.DEACTIVATE: _deactivate,
    PeopleAct.REACTIVATE: _reactivate,
    PeopleAct.INVITE: _send_link,
}


def _import(run: PeopleRun, row: PeopleRow) -> bool:
    if User.objects.holding(row.email_key).exists():
        raise NotDone(_("Somebody else was added with this e-mail address meanwhile."))
    groups = list(Group.objects.filter(pk__in=row.groups))
    if len(groups) < len(set(row.groups)):
        raise NotDone(_("A user group of theirs was deleted meanwhile."))
    row.user = actions.add_user(actor=run.actor, **row.fields)
    for group in groups:
        actions.add_member(group, row.user, actor=run.actor)
    if run.invites:
        invite(row.user, actor=run.actor)
    return True


def _change_members(run: PeopleRun, rows: list[PeopleRow]) -> None:
    group = Group.objects.filter(pk=run.group_id).first()
    if group is None:
        _refuse(rows, _("The user group was deleted meanwhile."))
        return
    people = {row.user_id: row.user for row in rows if row.user is not None}
    inside = set(Membership.objects.filter(group=group, user__in=people).values_list("user_id", flat=True))
    joins = run.act == PeopleAct.JOIN
    moving = {key for key in people if (key not in inside) == joins}
    change = actions.add_members if joins else actions.remove_members
    change(group, [people[key] for key in moving], actor=run.actor)
    for row in rows:
        if row.user is None:
            _refuse([row], _("This person is no longer here."))
        else:
            row.outcome = RowOutcome.DONE if row.user_id in moving else RowOutcome.UNCHANGED
