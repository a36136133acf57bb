"""
What operators do. Each act is told twice: in the operators' log, and in the log of the organisation, whose administrators shall
see what was done to it. Run inside the operators' organisation.
"""

from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.actions import add_administrator
from apps.accounts.models import PortalSession, Role
from apps.accounts.one_time_links import invite
from apps.accounts.organisation_settings import update_organisation
from apps.directory.actions import add_user, remove_user
from apps.directory.errors import FieldsInvalid
from apps.directory.models import SecondFactor, User
from apps.directory.policies import update_policy
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.archiving.actions import remove_files_on_commit
from apps.events.types import EventType
from apps.tenants import actions as tenants
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from apps.tenants.platform import platform_tenant


@transaction.atomic
def add_operator(*, username: str, email: str, password: str) -> User:
    """With the first one their organisation comes, where everybody needs a second factor. Raises what add_user raises."""
    tenant, new = platform_tenant()
    with in_tenant(tenant):
        if new:
            update_policy(actor=Actor.system(), second_factor=SecondFactor.EVERYBODY, second_factor_days=0)
        return _add_operator(username, email, password, actor=Actor.system())


@transaction.atomic
def invite_operator(*, username: str, email: str, actor: Actor) -> User:
    """By another one: whoever is added sets a password by a link in a mail, then a second factor. Raises what add_user raises."""
    user = _add_operator(username, email, None, actor=actor)
    invite(user, actor=actor)
    return user


@transaction.atomic
def remove_operator(user: User, *, actor: Actor) -> None:
    """The account goes, with its sessions; the log keeps what it did. Raises FieldsInvalid about the last one who can sign in.

    Two who remove each other follow one another: both lock everybody, in one order.
    """
    others = [each for each in User.objects.select_for_update().order_by("pk") if each.pk != user.pk]
    if not any(each.active and each.has_usable_password() for each in others):
        raise FieldsInvalid({"username": [_("The last operator stays. Add another one first.")]})
    record(EventType.OPERATOR_DELETE, actor=actor, target=Target.of("user", user))
    remove_user(user, actor=actor)


@transaction.atomic
def create_organisation(*, slug: str, name: str, owner: str, actor: Actor) -> Tenant:
    """`owner` is the e-mail address of whoever will administer it, who is invited by mail. Raises FieldsInvalid about slug, name, owner."""
    try:
        tenant = tenants.create_tenant(slug=slug, name=name)
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    _tell(EventType.ORGANIZATION_CREATE, tenant, actor=actor)
    with in_tenant(tenant):
        try:
            user = add_user(actor=actor, username=owner, email=owner)
        except FieldsInvalid as error:
            raise FieldsInvalid({"owner": error.fields.get("email", [str(error)])}) from error
        add_administrator(user, actor=actor, role=Role.OWNER)
        invite(user, actor=actor)
    return tenant


@transaction.atomic
def rename_organisation(tenant: Tenant, *, name: str, actor: Actor) -> None:
    """Raises FieldsInvalid."""
    if changes := update_organisation(tenant, name=name, actor=actor):
        target = Target("organization", str(tenant.pk), name.strip())
        record(EventType.ORGANIZATION_UPDATE, actor=actor, target=target, changes=changes)


@transaction.atomic
def suspend_organisation(tenant: Tenant, *, actor: Actor) -> None:
    """From the next request and task on nobody and nothing enters. What was owed stays owed."""
    if tenants.switch_tenant(tenant, active=False):
        _tell(EventType.ORGANIZATION_SUSPEND, tenant, actor=actor)


@transaction.atomic
def resume_organisation(tenant: Tenant, *, actor: Actor) -> None:
    """Sessions that have not ended by themselves open again; the sweeper finds what was owed within five seconds."""
    if tenants.switch_tenant(tenant, active=True):
        _tell(EventType.ORGANIZATION_RESUME, tenant, actor=actor)


@transaction.atomic
def delete_organisation(tenant: Tenant, *, actor: Actor) -> None:
    """Every row of it, for good. Only of one that is suspended, so that nobody works in it meanwhile. Raises FieldsInvalid."""
    if Tenant.objects.select_for_update().get(pk=tenant.pk).active:
        raise FieldsInvalid({"name": [_("Suspend the organisation first.")]})
    details = {"slug": tenant.slug, "name": tenant.name}
    record(EventType.ORGANIZATION_DELETE, actor=actor, target=_target(tenant), details=details)
    with in_tenant(tenant):
        keys = list(PortalSession.objects.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    tenants.remove_tenant(tenant)
    remove_files_on_commit(tenant.pk)


def _add_operator(username: str, email: str, password: str | None, *, actor: Actor) -> User:
    user = add_user(actor=actor, username=username, email=email, password=password)
    record(EventType.OPERATOR_CREATE, actor=actor, target=Target.of("user", user))
    return user


def _target(tenant: Tenant) -> Target:
    return Target("organization", str(tenant.pk), tenant.name)


def _tell(event_type: EventType, tenant: Tenant, *, actor: Actor) -> None:
    record(event_type, actor=actor, target=_target(tenant))
    with in_tenant(tenant):
        record(event_type, actor=actor, target=_target(tenant))
