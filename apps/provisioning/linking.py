"""Somebody's account is there already, and could not be found or taken for theirs: an administrator says which one it is.

The application is asked by reading only, and before the transaction begins.
"""

from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.types import EventType
from apps.lib import http
from apps.lib.errors import SecretError
from apps.lib.names import validate_text
from apps.outbox.models import Topic
from apps.outbox.publish import publish
from apps.provisioning import documents, running, wire
from apps.provisioning.client import ScimClient
from apps.provisioning.errors import IntegrationInvalid, Missing, Rejected, TargetError
from apps.provisioning.imports.candidates import Candidate, read_candidate
from apps.provisioning.integration_events import record_integration
from apps.provisioning.models import Integration, Job, JobState, RemoteUser, ResourceKind

LONGEST = 255
Question = Callable[[ScimClient], Awaitable[wire.Document | None]]


def find_account(integration: Integration, text: str) -> Candidate:
    """By what the application finds people by (userName, or externalId), else by its id. Raises IntegrationInvalid with `account`."""
    text = text.strip()
    try:
        validate_text(text)
    except ValidationError as error:
        raise _refused(" ".join(error.messages)) from error
    if not text or len(text) > LONGEST:
        raise _refused(_("Enter the account's username there, or its id."))
    return _asked(integration, lambda client: _by_name_or_id(client, text))


def link_account(integration: Integration, user: User, remote_id: str, *, actor: Actor) -> RemoteUser:
    """From now on this account is theirs, and is kept up to date like any other.

    Raises ActivationRefused when it is not active, IntegrationInvalid with `account` where it is somebody else's or not there.
    """
    running.refuse_unless_active(integration)
    account = _asked(integration, lambda client: client.get_user(remote_id))
    with transaction.atomic():
        locked = running.locked_row(integration)
        running.refuse_unless_active(locked)
        if locked.base_url != integration.base_url:
            raise _refused(_("The base URL was changed. Look again."))
        _refuse_taken(locked, user, account)
        linked: RemoteUser = RemoteUser.objects.create(
            integration=locked,
            user=user,
            name=str(user)[:255],
            remote_id=account.remote_id,
            sent=account.sent,
            active=account.active is not False,
            linked=True,
        )
        record_integration(
            EventType.IDM_INTEGRATION_UPDATE,
            locked,
            actor=actor,
            details={"linked": str(user.pk), "name": str(user), "account": account.remote_id},
        )
        publish(Topic.USER_CHANGED, user.pk)
    return linked


def owner_of(integration: Integration, account: Candidate) -> User | None:
    """Whose account it is as far as we know, and so nobody else's."""
    remotes = RemoteUser.objects.filter(integration=integration, remote_id=account.remote_id)
    found: User | None = User.objects.filter(pk__in=remotes.values("user_id")).first()
    return found


def looked_up_by(integration: Integration, user: User) -> str:
    """What the application is asked for when this person's account is looked for."""
    dialect = integration.dialect
    return documents.values_of(user, dialect.attributes).get(dialect.match_attribute, "")


def is_fixable(job: Job) -> bool:
    return bool(fixable_among(job.integration_id, [job]))


def fixable_among(integration_id: UUID, jobs: Iterable[Job]) -> set[UUID]:
    """Ids of the jobs of people who failed and have no account that we know of: theirs may be there all the same. At most one query."""
    failed = {job.resource_id: job for job in jobs if job.kind == ResourceKind.USER and has_failed(job)}
    if not failed:
        return set()
    known = RemoteUser.objects.filter(integration=integration_id, user_id=OuterRef("pk"))
    people = User.objects.filter(~Exists(known), pk__in=failed).order_by().values_list("pk", flat=True)
    return {failed[person].pk for person in people}


def has_failed(job: Job) -> bool:
    return bool(job.state == JobState.PARKED or job.attempts > 0)


async def _by_name_or_id(client: ScimClient, text: str) -> wire.Document | None:
    return await client.find_user(text) or await client.get_user(text)


def _asked(integration: Integration, question: Question) -> Candidate:
    async def answer() -> wire.Document | None:
        return await question(client)

    try:
        client = ScimClient(wire.Target(integration.base_url, integration.token, integration.dialect))
        document = http.run(answer())
    except (Missing, Rejected) as error:
        words = _("The application shows no such account: %(words)s") % {"words": error.detail}
        raise _refused(words) from error
    except TargetError as error:
        raise _refused(error.detail) from error
    except SecretError as error:
        raise _refused(str(error)) from error
    found = read_candidate(document, integration.dialect)
    if found is None:
        raise _refused(_("The account has no id there that could be used."))
    return found


def _refuse_taken(integration: Integration, user: User, account: Candidate) -> None:
    """Of somebody who was deleted here it is free."""
    own = RemoteUser.objects.filter(integration=integration, user=user).first()
    if own is not None and own.remote_id == account.remote_id:
        raise _refused(_("%(name)s is linked to this account already.") % {"name": user})
    if own is not None:
        words = _("%(name)s already has another account there (id %(id)s).")
        raise _refused(words % {"name": user, "id": own.remote_id})
    there = RemoteUser.objects.filter(integration=integration, remote_id=account.remote_id).first()
    if there is None:
        return
    if User.objects.filter(pk=there.user_id).exists():
        raise _refused(_("This account belongs to %(name)s.") % {"name": there.name})
    there.delete()


def _refused(words: str) -> IntegrationInvalid:
    return IntegrationInvalid({"account": [words]})
