"""`/t/<slug>/…` becomes the script prefix, so no URL pattern names the tenant and `reverse()` does by itself."""

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponsePermanentRedirect
from django.template.loader import render_to_string
from django.urls import is_valid_path, set_script_prefix

from apps.lib.correlation import correlated
from apps.tenants import platform
from apps.tenants.addresses import path_prefix, urlconf_of
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from apps.tenants.prepared import PreparedQueryOfAll

TENANT_PATH = re.compile(r"\A/t/(?P<slug>[a-z0-9-]{1,63})(?P<path>/.*)\Z", re.DOTALL)
PLATFORM_PATH = re.compile(r"\A/platform(?P<path>/.*)\Z", re.DOTALL)
WITHOUT_SLASH = re.compile(r"\A(?:/t/[a-z0-9-]{1,63}|/platform)\Z")
FOR_PROGRAMS = ("/scim/v2", "/api/v1")
RETRY_AFTER = 3600  # seconds
_BY_SLUG = PreparedQueryOfAll(lambda slug: Tenant.objects.filter(slug=slug), slug=str)


class TenantMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = TENANT_PATH.match(request.path_info) or PLATFORM_PATH.match(request.path_info)
        if match is None and WITHOUT_SLASH.match(request.path_info) and request.method in {"GET", "HEAD"}:
            return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
        if match is None:
            return self.get_response(request)
        slug = match.groupdict().get("slug", platform.SLUG)
        tenant = _BY_SLUG.first(slug=slug)
        if tenant is None or not tenant.active:
            return _closed(match["path"], suspended=tenant is not None)
        prefix = path_prefix(tenant)
        request.tenant = tenant  # type: ignore[attr-defined]
        request.path_info = match["path"]
        request.META["SCRIPT_NAME"] = prefix.rstrip("/")
        request.urlconf = urlconf_of(tenant)  # type: ignore[attr-defined]
        set_script_prefix(prefix)  # the handler sets it anew for every request
        with in_tenant(tenant), correlated(uuid4()):
            response = self.get_response(request)
            if response.status_code == 404 and _lacks_only_its_slash(request):
                return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
        if response.streaming:
            response.streaming_content = _inside(tenant, iter(response.streaming_content))  # type: ignore[attr-defined]
        return response


def _lacks_only_its_slash(request: HttpRequest) -> bool:
    """Somebody typed a page's address. Programs are told the truth: after a redirect many come without their body or their token,
    and what is sent by POST would be lost. No address of another host can come of it: the prefix stays in front."""
    path = request.path_info
    if request.method not in {"GET", "HEAD"} or path.endswith("/") or path.startswith(FOR_PROGRAMS):
        return False
    found = is_valid_path(f"{path}/", request.urlconf)  # type: ignore[attr-defined]
    return request.resolver_match is None and bool(found)


def _closed(path: str, *, suspended: bool) -> HttpResponse:
    """To people an unknown organisation and a suspended one look alike. A program comes again: an identity provider that is told
    "not found" takes the person it asks for as gone, and what it had to tell would be lost."""
    if suspended and path.startswith(FOR_PROGRAMS):
        return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER)})
    return HttpResponseNotFound(render_to_string("404.html"))


def _inside(tenant: Tenant, parts: Iterator[bytes]) -> Iterator[bytes]:
    """A streamed body is produced after the middleware has returned: each part gets the tenant back."""
    while True:
        with in_tenant(tenant):
            part = next(parts, None)
        if part is None:
            return
        yield part
