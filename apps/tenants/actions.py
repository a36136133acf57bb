"""Organisations come, go and stand still. Callers above record what happened (apps/platform)."""

from django.db import transaction

from apps.tenants.models import Tenant


def create_tenant(*, slug: str, name: str) -> Tenant:
    """Raises django.core.exceptions.ValidationError when the slug is taken or misspelt."""
    tenant = Tenant(slug=slug, name=name)
    tenant.full_clean()
    tenant.save(force_insert=True)
    return tenant


@transaction.atomic
def rename_tenant(tenant: Tenant, *, name: str) -> Tenant:
    """The slug stays: it stands in every address that other systems were given. Raises ValidationError."""
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
    tenant.name = name
    tenant.full_clean(exclude={"slug"})
    tenant.save(update_fields=["name"])
    return tenant


def switch_tenant(tenant: Tenant, *, active: bool) -> bool:
    """Whether this changed anything. From the next request and task on nobody and nothing enters one that is not active; nothing is deleted."""
    return bool(Tenant.objects.filter(pk=tenant.pk, active=not active).update(active=active))


@transaction.atomic
def remove_tenant(tenant: Tenant) -> None:
    """With every row it owns."""
    Tenant.objects.select_for_update().get(pk=tenant.pk).delete()
