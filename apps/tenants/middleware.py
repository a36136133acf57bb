"""`/t/<slug>/…` becomes the script prefix, so no URL pattern names the tenant and `reverse()` does by itself."""

import re
from collections.abc import Callable, Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.template.loader import render_to_string
from django.urls import set_script_prefix

from apps.tenants.addresses import path_prefix
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant

TENANT_PATH = re.compile(r"\A/t/([a-z0-9-]{1,63})(/.*)\Z", re.DOTALL)


class TenantMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = TENANT_PATH.match(request.path_info)
        if match is None:
            return self.get_response(request)
        tenant = Tenant.objects.filter(slug=match[1], active=True).first()
        if tenant is None:
            return HttpResponseNotFound(render_to_string("404.html"))  # unknown and suspended look alike
        prefix = path_prefix(tenant)
        request.tenant = tenant  # type: ignore[attr-defined]
        request.path_info = match[2]
        request.META["SCRIPT_NAME"] = prefix.rstrip("/")
        request.urlconf = settings.TENANT_URLCONF  # type: ignore[attr-defined]
        set_script_prefix(prefix)  # the handler sets it anew for every request
        with in_tenant(tenant):
            response = self.get_response(request)
        if response.streaming:
            response.streaming_content = _inside(tenant, iter(response.streaming_content))  # type: ignore[attr-defined]
        return response


def _inside(tenant: Tenant, parts: Iterator[bytes]) -> Iterator[bytes]:
    """A streamed body is produced after the middleware has returned: each part gets the tenant back."""
    while True:
        with in_tenant(tenant):
            part = next(parts, None)
        if part is None:
            return
        yield part
