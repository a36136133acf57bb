"""Passwords on their way: sealed in the transaction that sets them, gone once they are sent, refused, unwanted or too old.

They are in no event, attempt, outbox entry, message or log, and no plan knows of them.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.errors import SecretError
from apps.provisioning import directory_now
from apps.provisioning.models import Integration, IntegrationState, PasswordToSend
from apps.tenants.context import every_tenant, in_tenant

LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Password:
    """`id` names the row: a password that is set meanwhile is another one, and stays."""

    id: uuid.UUID
    clear: str = field(repr=False)


@sensitive_variables("password")
def remember(user: User, password: str) -> None:
    """Runs in the transaction that sets the password, and only for applications that the person has and that want it."""
    wanting = Integration.objects.filter(sync_passwords=True).exclude(state=IntegrationState.CONFIGURED)
    for integration in wanting.select_related("application"):
        PasswordToSend.objects.filter(integration=integration, user=user).delete()
        entitled = directory_now.entitled(integration).filter(pk=user.pk).exists()
        if integration.dialect.syncs_passwords and entitled:
            row = PasswordToSend(integration=integration, user=user, expires_at=timezone.now() + LIFE)
            row.take_tenant()
            row.password = password
            row.save(force_insert=True)


def waiting(integration: Integration, user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Password]:
    """By person. What cannot be opened (the key is not here) is as good as not set."""
    if not integration.sync_passwords:
        return {}
    rows = PasswordToSend.objects.filter(
        integration=integration, user_id__in=user_ids, expires_at__gt=timezone.now()
    )
    found: dict[uuid.UUID, Password] = {}
    for row in rows:
        try:
            found[row.user_id] = Password(row.pk, row.password)
        except SecretError:
            destroy([row.pk])
    return found


def destroy(password_ids: Iterable[uuid.UUID]) -> None:
    if ids := list(password_ids):
        PasswordToSend.objects.filter(pk__in=ids).delete()


def destroy_all(integration: Integration) -> None:
    """Whatever was on its way to a place that is let go."""
    PasswordToSend.objects.filter(integration=integration).delete()


def sweep() -> None:
    """Every five seconds, for all tenants: also while an application is paused."""
    for tenant_id in tenants_with_expired():
        with in_tenant(tenant_id):
            destroy_expired()


def tenants_with_expired() -> list[uuid.UUID]:
    with every_tenant():
        expired = PasswordToSend.unscoped.filter(expires_at__lte=timezone.now()).order_by()
        return list(expired.values_list("tenant_id", flat=True).distinct())


@transaction.atomic
def destroy_expired() -> None:
    """Of the tenant in context; that a password did not get there is an event."""
    rows = PasswordToSend.objects.select_for_update().filter(expires_at__lte=timezone.now())
    for row in rows.select_related("integration__application", "user"):
        words = _(
            "The password was not sent within ten minutes and is forgotten. Set it once more, or there."
        )
        record(
            EventType.USER_UPDATE_PROVISION,
            actor=Actor.system(),
            target=Target.of("user", row.user),
            application=Target.of("application", row.integration.application),
            success=False,
            error_message=words,
            message_chain={
                "response_code": "",
                "response_message": _("The password was not sent"),
                "message_details": words,
            },
            details={"idm_client_id": str(row.integration_id)},
        )
        row.delete()
