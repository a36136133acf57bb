"""Who is signed in has lately shown that it is really them: asked before what a session that was left open, or stolen, must not do."""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.destinations import page_of_the_form, signed_in_at

RECENT = dt.timedelta(minutes=15)
View = Callable[..., HttpResponse]


def recently_authenticated(request: HttpRequest) -> bool:
    """A moment that lies ahead, by a clock that was put right since, counts no longer than one that lies behind."""
    moment = signed_in_at(request)
    return moment is not None and abs(timezone.now() - moment) <= RECENT


def recent_authentication_required(view: View) -> View:
    """For secrets, keys, roles and what opens an account. Stands below administrator_required or person_required.

    Whoever signed in too long ago shows first that it is them and comes back to the page. What a form sent is not kept meanwhile:
    they come back to the page that it stood on.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if recently_authenticated(request):
            return view(request, *args, **kwargs)
        if request.method in {"GET", "HEAD"}:
            return redirect(confirmation_address(request.get_full_path()))
        messages.warning(request, _("Nothing was done yet. Show first that it is you, then do it again."))
        return redirect(confirmation_address(page_of_the_form(request)))

    guarded.needs_recent_authentication = True  # type: ignore[attr-defined]
    return guarded


def recent_authentication_to_write(view: View) -> View:
    """The same for a page that everybody reads who may open it, and that takes a form besides: only the form is guarded.
    Its template offers `confirmation_url` in the form's place (components/confirm_first.html)."""
    strict = recent_authentication_required(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        reading = request.method in {"GET", "HEAD", "OPTIONS"}
        return view(request, *args, **kwargs) if reading else strict(request, *args, **kwargs)

    guarded.needs_recent_authentication = True  # type: ignore[attr-defined]
    return guarded


def confirmation_address(destination: str) -> str:
    return f"{reverse('accounts:reauthentication')}?{urlencode({'next': destination})}"


def template_context(request: HttpRequest) -> dict[str, Any]:
    """`confirmation_url` is "" while the sign-in is recent. Called by the template, so other pages ask nothing."""

    def confirmation_url() -> str:
        return "" if recently_authenticated(request) else confirmation_address(request.get_full_path())

    return {"confirmation_url": confirmation_url}
