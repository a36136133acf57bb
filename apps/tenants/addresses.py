"""Addresses inside a tenant for code that has no request: workers, commands, mail."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.tenants.models import Tenant
from apps.tenants.platform import is_platform


def path_prefix(tenant: Tenant) -> str:
    """`/t/<slug>/`, or `/platform/` for the operators: what the middleware moves into the script name."""
    return "/platform/" if is_platform(tenant) else f"/t/{tenant.slug}/"


def urlconf_of(tenant: Tenant) -> str:
    return str(settings.PLATFORM_URLCONF if is_platform(tenant) else settings.TENANT_URLCONF)


def tenant_path(tenant: Tenant, name: str, **kwargs: Any) -> str:
    from django.urls import get_script_prefix, set_script_prefix

    before = get_script_prefix()
    set_script_prefix(path_prefix(tenant))
    try:
        return reverse(name, urlconf=urlconf_of(tenant), kwargs=kwargs or None)
    finally:
        set_script_prefix(before)


def tenant_url(tenant: Tenant, name: str, **kwargs: Any) -> str:
    """Absolute, from the configured PUBLIC_URL: a Host header never chooses an address."""
    return f"{settings.PUBLIC_URL}{tenant_path(tenant, name, **kwargs)}"
