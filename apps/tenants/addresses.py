"""Addresses inside a tenant for code that has no request: workers, commands, mail."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.tenants.models import Tenant


def path_prefix(tenant: Tenant) -> str:
    """`/t/<slug>/`: what the middleware moves into the script name."""
    return f"/t/{tenant.slug}/"


def tenant_path(tenant: Tenant, name: str, **kwargs: Any) -> str:
    from django.urls import get_script_prefix, set_script_prefix

    before = get_script_prefix()
    set_script_prefix(path_prefix(tenant))
    try:
        return reverse(name, urlconf=settings.TENANT_URLCONF, kwargs=kwargs or None)
    finally:
        set_script_prefix(before)


def tenant_url(tenant: Tenant, name: str, **kwargs: Any) -> str:
    """Absolute, from the configured PUBLIC_URL: a Host header never chooses an address."""
    return f"{settings.PUBLIC_URL}{tenant_path(tenant, name, **kwargs)}"
