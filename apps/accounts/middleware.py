from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from apps.accounts.organisations import remember
from apps.accounts.portal_sessions import note_seen
from apps.accounts.second_factors import is_overdue
from apps.accounts.sessions import HANDLE
from apps.directory.models import User
from apps.lib import language
from apps.lib.places import zone


class TenantSessionMiddleware(SessionMiddleware):
    """The session cookie's path is the tenant's: signing in to one tenant leaves the others' sessions alone."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        tenant_prefix = request.META.get("SCRIPT_NAME", "")
        if settings.SESSION_COOKIE_NAME in response.cookies and tenant_prefix:
            response.cookies[settings.SESSION_COOKIE_NAME]["path"] = f"{tenant_prefix}/"
        remember(request, response)
        return response


class PrivatePagesMiddleware:
    """Whatever a session saw is never cached, neither by proxies nor by the back button after signing out.

    A view that says by itself what caches may keep (pictures under an address of their own) has the last word.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = getattr(request, "session", None)
        if session is not None and session.accessed and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class LastSeenMiddleware:
    """Notes now and then that somebody was here, for their own list of sessions. Requests that read no session are not asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = getattr(request, "session", None)
        if session is not None and session.accessed and (handle := session.get(HANDLE)):
            note_seen(request, handle)
        return response


class LanguageMiddleware:
    """Pages speak the language of this browser, else the organisation's, until it is known who reads them. Programs are answered in English."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_for_programs(request):
            return self.get_response(request)
        with translation.override(language.asked_for(request, _of_organisation(request, "language"))):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or language.WRITTEN)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response


class SecondFactorMiddleware:
    """Whoever has to set up a second factor first is nobody, on every page, until a sign-in has led them to it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any) -> None:
        """Views that find their person themselves believe no session that has to be judged (claims.claim_of)."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or getattr(view, "finds_its_person", False):
            return
        if isinstance(request.user, User) and is_overdue(request, request.user):
            request.user = request._cached_user = AnonymousUser()  # type: ignore[attr-defined]  # noqa: SLF001 - as is_found()


class ReaderMiddleware:
    """Pages speak the language of the person who reads them, and tell the time by their clock, else by the organisation's.

    Requests without a session (programs) are not asked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = "" if _is_for_programs(request) else _of_organisation(request, "timezone")
        with timezone.override(zone(name)):  # what is switched on below ends with the request
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any) -> None:
        if not getattr(view, "finds_its_person", False):
            turn_to_reader(request)


def turn_to_reader(request: HttpRequest) -> None:
    """Their time and their language, from here to the end of the request."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return
    if own_zone := zone(getattr(request.user, "timezone", "")):
        timezone.activate(own_zone)
    own = language.spoken(getattr(request.user, "language", ""))
    if own and not _is_for_programs(request):
        translation.activate(own)


def _of_organisation(request: HttpRequest, setting: str) -> str:
    return getattr(getattr(request, "tenant", None), setting, "")


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith(settings.SPOKEN_IN_ENGLISH)
