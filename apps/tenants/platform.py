"""
The operators of the installation are people of an organisation of their own, at /platform/ instead of /t/<slug>/: so that they sign
in by the same pages and rules as everybody, and no session of theirs is one of a customer's (docs/decisions/0031-operators.md).
"""

from typing import Any

from apps.tenants.models import Tenant

SLUG = "_platform"  # no customer's: a slug has no underscore
NAME = "Operators"


def is_platform(tenant: Tenant | None) -> bool:
    return tenant is not None and tenant.slug == SLUG


def platform_tenant() -> tuple[Tenant, bool]:
    """The second value says that it was made just now."""
    return Tenant.objects.get_or_create(slug=SLUG, defaults={"name": NAME})


def customers() -> Any:
    """QuerySet of every organisation but the operators' own."""
    return Tenant.objects.exclude(slug=SLUG)
