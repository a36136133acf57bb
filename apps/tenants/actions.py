from apps.tenants.models import Tenant


def create_tenant(*, slug: str, name: str) -> Tenant:
    """Raises django.core.exceptions.ValidationError when the slug is taken or misspelt."""
    tenant = Tenant(slug=slug, name=name)
    tenant.full_clean()
    tenant.save(force_insert=True)
    return tenant
