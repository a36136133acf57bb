"""What an administrator does with a run: prepare it, look at it, start it, stop it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.models import PeopleAct, PeopleRow, PeopleRun, RowOutcome, RunState
from apps.accounts.notices import IN_SIGHT
from apps.accounts.people_runs import tasks, work
from apps.accounts.people_runs.reading import read_people
from apps.directory.errors import FieldsInvalid
from apps.directory.models import Group, User
from apps.events.actors import Actor
from apps.events.begun import begun_by
from apps.tenants.leases import NO_LEASE

AT_ONCE = IN_SIGHT  # rows that are done while the administrator waits; more are done by a worker
NOT_STARTED = timedelta(days=1)  # after which nobody means it any more
KEPT = timedelta(days=90)  # after which its results go; the log has every change
BATCH = 500


@transaction.atomic
def prepare(act: PeopleAct, people: Any, *, actor: Actor, group: Group | None = None) -> PeopleRun:
    """Changes nobody yet. `people` is a QuerySet of User. Raises FieldsInvalid."""
    if act in {PeopleAct.JOIN, PeopleAct.LEAVE} and group is None:
        raise FieldsInvalid({"group": [_("Choose the user group.")]})
    _forget_old()
    run = _new(act, actor, group=group, group_name=group.name if group else "")
    rows = (
        _row_of(run, position, user) for position, user in enumerate(people.iterator(chunk_size=BATCH), 1)
    )
    run.total = len(PeopleRow.objects.bulk_create(rows, batch_size=BATCH))
    if not run.total:
        raise FieldsInvalid({"user": [_("Tick at least one person.")]})
    run.save(update_fields=["total"])
    return run


def prepare_import(
    content: bytes, *, file_name: str, invites: bool, actor: Actor, closed: Iterable[Group] = ()
) -> PeopleRun:
    """Adds nobody yet: each line is checked first, of a long file by a worker. Nobody is put into a `closed` group: somebody else
    decides who is in it. Raises FieldsInvalid about `file`.
    """
    people = read_people(content)
    with transaction.atomic():
        _forget_old()
        told: dict[str, Any] = {"encoding": people.encoding, "ignored": people.ignored[:20]}
        if names := [group.name_key for group in closed]:
            told["closed"] = names
        run = _new(PeopleAct.IMPORT, actor, invites=invites, file_name=_shown(file_name), told=told)
        rows = [
            PeopleRow(
                run=run,
                position=line.number,
                name=line.name,
                username_key=line.key("username"),
                email_key=line.key("email"),
                fields=line.fields,
                groups=line.groups,
                problem=line.problem,
                outcome=RowOutcome.REFUSED if line.problem else RowOutcome.WAITING,
            )
            for line in people.lines
        ]
        PeopleRow.objects.bulk_create(rows, batch_size=BATCH)
        run.total, run.state = len(rows), RunState.CHECKING
        run.save(update_fields=["total", "state"])
    return _set_going(run)


def start(run: PeopleRun, *, actor: Actor) -> PeopleRun:
    """Does what was reviewed, to exactly these people. Raises FieldsInvalid where it was started already."""
    now = timezone.now()
    with transaction.atomic():
        changed = PeopleRun.objects.filter(pk=run.pk, state=RunState.REVIEW).update(
            state=RunState.WORKING, started_at=now, **begun_by(actor)
        )
        if not changed:
            raise FieldsInvalid({"__all__": [_("This was started or dropped already.")]})
    run.refresh_from_db()
    return _set_going(run)


@transaction.atomic
def stop(run: PeopleRun) -> bool:
    """What was done so far stays. False where nothing was under way, nor waited."""
    open_states = (RunState.CHECKING, RunState.REVIEW, RunState.WORKING)
    rows = PeopleRun.objects.filter(pk=run.pk, state__in=open_states)
    return bool(rows.update(state=RunState.STOPPED, finished_at=timezone.now(), **NO_LEASE))


def _set_going(run: PeopleRun) -> PeopleRun:
    if run.total <= AT_ONCE:
        while work.work(run.pk):
            continue
        run.refresh_from_db()
    else:
        tasks.ring_on_commit(run.pk)
    return run


def _new(act: PeopleAct, actor: Actor, **fields: Any) -> PeopleRun:
    run = PeopleRun(act=act, **fields, **begun_by(actor))
    run.save(force_insert=True)
    return run


def _row_of(run: PeopleRun, position: int, user: User) -> PeopleRow:
    keys = {"username_key": user.username_key, "email_key": user.email_key}
    return PeopleRow(run=run, position=position, user=user, name=str(user)[:255], **keys)


def _forget_old() -> None:
    now = timezone.now()
    unstarted = Q(state=RunState.REVIEW, created_at__lt=now - NOT_STARTED)
    PeopleRun.objects.filter(unstarted | Q(finished_at__lt=now - KEPT)).delete()


def _shown(file_name: str) -> str:
    return "".join(sign for sign in file_name if sign.isprintable())[-255:]
