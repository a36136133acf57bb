"""Our own addresses for one application: what the administrator gives to the other side. Fixed with the slug, for good."""

from apps.applications.models import Application
from apps.tenants.addresses import tenant_url


def sso_url(application: Application) -> str:
    return tenant_url(application.tenant, "saml:sso", slug=application.slug)


def slo_url(application: Application) -> str:
    return tenant_url(application.tenant, "saml:slo", slug=application.slug)


def metadata_url(application: Application) -> str:
    """Also the entity ID: whoever has the one has the other."""
    return tenant_url(application.tenant, "saml:metadata", slug=application.slug)


def certificate_url(application: Application) -> str:
    return tenant_url(application.tenant, "saml:certificate", slug=application.slug)
