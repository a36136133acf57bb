"""Chosen rows become people, or are linked to people who are here already. No request is made: nothing changes in the application.

Whoever is imported has no password, no role and no group, and gets no mail. Their account stays as it is there until they are in a bound
group: then provisioning knows it by its id and makes no second one.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.directory.actions import add_user
from apps.directory.errors import DirectoryError, FieldsTaken
from apps.directory.models import User
from apps.directory.validators import fold
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.transactions import retried
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.provisioning.imports import notices
from apps.provisioning.imports.candidates import in_one_sentence
from apps.provisioning.imports.leases import IMPORTS
from apps.provisioning.imports.reader import why_not
from apps.provisioning.models import Import, ImportRow, ImportState, Integration, RemoteUser, RowState

CHUNK = 20  # rows in one transaction


class NotTakenIn(Exception):
    """The text is the row's reason, a sentence for people."""


@retried
def take_in_chunk(run: Import) -> bool:
    """False when there is nobody left. Counts, rows, people and events of a chunk are on record together or not at all."""
    integration = Integration.objects.select_related("application").get(pk=run.integration_id)
    waiting = ImportRow.objects.filter(run=run, state=RowState.WAITING)
    if words := why_not(run, integration):
        waiting.update(state=RowState.NEW, problem=words)
        _finish(run, integration, words)
        return False
    rows = list(waiting.order_by("created_at", "id")[:CHUNK])
    if not rows:
        _finish(run, integration)
        return False
    counts = {"created": 0, "linked": 0, "refused": 0}
    actor = run.actor
    for row in rows:
        counts[_take_in(row, integration, actor)] += 1
    IMPORTS.keep(run, **{name: F(name) + count for name, count in counts.items()})
    return True


def _take_in(row: ImportRow, integration: Integration, actor: Actor) -> str:
    try:
        with transaction.atomic():
            user, outcome = _person_of(row, integration, actor)
    except NotTakenIn as reason:
        row.state, row.problem = RowState.NEW, str(reason)[:1000]
    except DirectoryError as error:
        words = _whose_name_it_is(row, error) or in_one_sentence(error.fields)
        row.state, row.problem = RowState.NEW, words[:1000]
    except IntegrityError:  # provisioning was faster
        row.state, row.problem = RowState.NEW, _("Somebody else changed this meanwhile. Try it again.")
    else:
        row.state, row.problem, row.user = RowState.IMPORTED, "", user
    row.save(update_fields=["state", "problem", "user"])
    imported = row.state == RowState.IMPORTED
    _record(row, integration, actor, outcome if imported else "refused")
    return outcome if imported else "refused"


def _whose_name_it_is(row: ImportRow, error: DirectoryError) -> str:
    """A sentence, "" where it is not the username alone that somebody has."""
    if not isinstance(error, FieldsTaken) or set(error.fields) != {"username"}:
        return ""
    holder = User.objects.filter(username_key=fold(row.fields["username"])).first()
    words = _("%(name)s has this username here, with another e-mail address.")
    return words % {"name": holder} if holder else ""


def _person_of(row: ImportRow, integration: Integration, actor: Actor) -> tuple[User, str]:
    """Who has the account from now on, and whether they were "created" or "linked". Raises NotTakenIn, DirectoryError."""
    there = RemoteUser.objects.filter(integration=integration, remote_id=row.remote_id).first()
    if there is not None:
        holder = User.objects.filter(pk=there.user_id).first()
        if holder is not None:
            return holder, "linked"
        there.delete()  # of somebody who was deleted here
    person = User.objects.holding(row.email_key).first()
    outcome = "linked"
    if person is None:
        person, outcome = add_user(actor=actor, active=row.active is not False, **row.fields), "created"
    elif person.email.casefold() != row.email.casefold():
        raise NotTakenIn(
            _("%(name)s has an e-mail address that looks the same but is another one.") % {"name": person}
        )
    _link(person, row, integration)
    if outcome == "linked":
        publish(Topic.USER_CHANGED, person.id)
    return person, outcome


def _link(person: User, row: ImportRow, integration: Integration) -> None:
    other = RemoteUser.objects.filter(integration=integration, user_id=person.pk).first()
    if other is not None:
        raise NotTakenIn(
            _("%(name)s already has another account there (id %(id)s).")
            % {"name": person, "id": other.remote_id}
        )
    RemoteUser.objects.create(
        integration=integration,
        user=person,
        name=str(person)[:255],
        remote_id=row.remote_id,
        sent=row.sent,
        active=row.active is not False,
        linked=True,
        managed=False,
    )


# --- what people read


def _finish(run: Import, integration: Integration, words: str = "") -> None:
    IMPORTS.settle(run, state=ImportState.READY, imported_at=timezone.now(), problem=words)
    run.refresh_from_db()
    target = Target.of("application", integration.application)
    numbers = {name: getattr(run, name) for name in ("selected", "created", "linked", "refused")}
    record(
        EventType.IDM_IMPORT_FINISH,
        actor=run.actor,
        target=target,
        application=target,
        success=not words and not run.refused,
        error_message=words,
        details={"import": str(run.pk)} | numbers,
    )
    notices.tell_of_the_end(run, integration)


def _record(row: ImportRow, integration: Integration, actor: Actor, outcome: str) -> None:
    details: dict[str, Any] = {"import": str(row.run_id), "account": row.remote_id, "outcome": outcome}
    record(
        EventType.USER_IMPORT,
        actor=actor,
        target=Target("user", str(row.user_id or ""), str(row.user or row)),
        application=Target.of("application", integration.application),
        success=outcome != "refused",
        error_message=row.problem,
        details=details,
    )
