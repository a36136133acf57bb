from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers


class TenantSessionMiddleware(SessionMiddleware):
    """The session cookie's path is the tenant's: signing in to one tenant leaves the others' sessions alone."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        tenant_prefix = request.META.get("SCRIPT_NAME", "")
        if settings.SESSION_COOKIE_NAME in response.cookies and tenant_prefix:
            response.cookies[settings.SESSION_COOKIE_NAME]["path"] = f"{tenant_prefix}/"
        return response


class PrivatePagesMiddleware:
    """Whatever a session saw is never cached, neither by proxies nor by the back button after signing out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = getattr(request, "session", None)
        if session is not None and session.accessed:
            add_never_cache_headers(response)
        return response
