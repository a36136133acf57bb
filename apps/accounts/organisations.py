"""
Which organisations this browser was signed in to: for the switcher of the console, and for the page that asks for one.

Names and nothing else (docs/decisions/0029-several-organisations.md): each organisation has its own account, session and second
factor. Signed, so that nobody learns the name of an organisation by writing a short name into the cookie.
"""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from apps.tenants.addresses import tenant_path
from apps.tenants.models import Tenant
from apps.tenants.platform import customers, is_platform

LAST = "gatehouse_tenant"  # for everybody: the one used last stands in the field
ADMINISTERED = "gatehouse_organisations"
MOST = 20
KEPT = 365 * 86400  # seconds
SALT = "gatehouse.organisations"


def note_organisation(request: HttpRequest, *, administers: bool) -> None:
    """Somebody signed in just now, with a role or without; the cookies come with the answer (remember)."""
    request.signed_in_with_role = administers  # type: ignore[attr-defined]


def remember(request: HttpRequest, response: HttpResponse) -> None:
    tenant: Tenant | None = getattr(request, "tenant", None)
    administers: bool | None = getattr(request, "signed_in_with_role", None)
    if tenant is None or is_platform(tenant) or administers is None:
        return
    set_cookie(response, LAST, tenant.slug)
    if administers:
        slugs = [tenant.slug, *(slug for slug in _slugs(request) if slug != tenant.slug)]
        set_cookie(response, ADMINISTERED, signing.dumps(slugs[:MOST], salt=SALT))


def set_cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=KEPT, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def organisations_of(request: HttpRequest) -> list[Tenant]:
    """Those whose console this browser has opened, the latest first; suspended and removed ones are left out."""
    slugs = _slugs(request)
    found = (
        {tenant.slug: tenant for tenant in customers().filter(slug__in=slugs, active=True)} if slugs else {}
    )
    return [found[slug] for slug in slugs if slug in found]


def _slugs(request: HttpRequest) -> list[str]:
    try:
        found = signing.loads(request.COOKIES.get(ADMINISTERED, ""), salt=SALT, max_age=KEPT)
    except signing.BadSignature:
        return []
    return [str(slug) for slug in found]


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Called by the side menu, so that pages without it ask nothing."""

    def other_organisations() -> list[tuple[Tenant, str]]:
        here = getattr(request, "tenant", None)
        others = [tenant for tenant in organisations_of(request) if tenant != here]
        return [(tenant, tenant_path(tenant, "console:overview")) for tenant in others]

    return {"other_organisations": other_organisations}
