"""A source's DELETE is undone for thirty days by creating the person again; after that it is carried out."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import role_of
from apps.directory.actions import remove_user
from apps.events.actors import Actor
from apps.scim.models import ExternalIdentity
from apps.tenants.context import every_tenant

GRACE = timedelta(days=30)


def tenants_with_due_deletions() -> list[str]:
    """Across tenants, for the beat alone."""
    due = ExternalIdentity.unscoped.filter(deleted_at__lt=timezone.now() - GRACE).order_by()
    with every_tenant():
        return [str(each) for each in due.values_list("tenant_id", flat=True).distinct()]


def carry_out() -> None:
    """Of the tenant in context. Each is a transaction of its own: one that cannot be removed keeps nobody waiting."""
    due = ExternalIdentity.objects.filter(deleted_at__lt=timezone.now() - GRACE)
    for identity_id in list(due.values_list("pk", flat=True)):
        _carry_out(identity_id)


@transaction.atomic
def _carry_out(identity_id: object) -> None:
    """The person goes as well if the source made them and nobody needs them since: not active again, no other source's, no administrator."""
    rows = ExternalIdentity.objects.select_for_update(of=("self",)).select_related("user", "source")
    identity = rows.filter(pk=identity_id, deleted_at__lt=timezone.now() - GRACE).first()
    if identity is None:
        return  # they came back in the meantime
    user, created = identity.user, identity.created_person
    actor = Actor("scim_source", str(identity.source_id), identity.source.name)
    identity.delete()
    others = ExternalIdentity.objects.filter(user=user).exists()
    if created and not user.active and not others and role_of(user) is None:
        remove_user(user, actor=actor)
