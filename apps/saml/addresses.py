"""Our own addresses for one application: what the administrator gives to the other side. Fixed with the slug, for good."""

from functools import cache

from django.conf import settings
from django.urls import get_script_prefix, reverse

from apps.applications.models import Application
from apps.tenants.addresses import path_prefix


def sso_url(application: Application) -> str:
    return _url(application, "saml:sso")


def slo_url(application: Application) -> str:
    return _url(application, "saml:slo")


def metadata_url(application: Application) -> str:
    """Also the entity ID: whoever has the one has the other."""
    return _url(application, "saml:metadata")


def certificate_url(application: Application) -> str:
    return _url(application, "saml:certificate")


def _url(application: Application, name: str) -> str:
    """As apps.tenants.addresses.tenant_url, which walks all URL patterns: every sign-on needs two of these."""
    before, behind = _around_the_slug(settings.TENANT_URLCONF, name)
    return f"{settings.PUBLIC_URL}{path_prefix(application.tenant)}{before}{application.slug}{behind}"


@cache
def _around_the_slug(urlconf: str, name: str) -> tuple[str, str]:
    """Below the tenant's prefix. A slug has letters, digits and hyphens: nothing of it is ever quoted."""
    path = reverse(name, urlconf=urlconf, kwargs={"slug": "slug-of-an-application"})
    before, _mark, behind = path.removeprefix(get_script_prefix()).partition("slug-of-an-application")
    return before, behind
