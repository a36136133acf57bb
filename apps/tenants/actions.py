"""Organisations come, go and stand still. Callers above record what happened (apps/platform)."""

from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.tenants.append_only import removing
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant, TenantLogo


def create_tenant(*, slug: str, name: str) -> Tenant:
    """Raises django.core.exceptions.ValidationError when the slug is taken or misspelt."""
    tenant = Tenant(slug=slug, name=name)
    tenant.full_clean()
    tenant.save(force_insert=True)
    return tenant


@transaction.atomic
def update_tenant(tenant: Tenant, **values: str) -> Tenant:
    """Of name, language and timezone those that are given. The slug stays: it stands in every address that other systems were given.

    Raises ValidationError.
    """
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
    for field, value in values.items():
        setattr(tenant, field, value)
    tenant.full_clean(exclude={"slug"})
    tenant.save(update_fields=list(values))
    return tenant


@transaction.atomic
def replace_logo(tenant: Tenant, picture: bytes) -> str:
    """The key of the new one, by which its address changes; b"" removes it."""
    key = sha256(picture).hexdigest()[:16] if picture else ""
    Tenant.objects.select_for_update().filter(pk=tenant.pk).update(logo_key=key)
    with in_tenant(tenant):
        TenantLogo.objects.all().delete()
        if picture:
            TenantLogo.objects.create(picture=picture)
    return key


def note_second_factor_rule(tenant_id: UUID) -> None:
    """It is another one now: the next page of every open session asks what it means for its person."""
    Tenant.objects.filter(pk=tenant_id).update(second_factor_version=F("second_factor_version") + 1)


def switch_tenant(tenant: Tenant, *, active: bool) -> bool:
    """Whether this changed anything. From the next request and task on nobody and nothing enters one that is not active; nothing is deleted."""
    return bool(Tenant.objects.filter(pk=tenant.pk, active=not active).update(active=active))


@transaction.atomic
def remove_tenant(tenant: Tenant) -> None:
    """With every row it owns, the log among them."""
    with removing(tenant.pk):
        Tenant.objects.select_for_update().get(pk=tenant.pk).delete()
