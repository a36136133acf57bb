from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, public
from apps.accounts.destinations import inside_tenant
from apps.directory.actions import choose_language
from apps.directory.models import User
from apps.lib.language import asked_for, spoken


@public
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """`language` for this browser and, if somebody is signed in, for their letters too; "" is the organisation's, or what the browser asks for. `next` says where to go on."""
    wanted = request.POST.get("language", "")
    response = redirect(_next(request))
    if wanted and not spoken(wanted):
        messages.error(request, _("The portal does not speak this language."))
        return response
    user: Any = getattr(request, "user", None)
    if isinstance(user, User):
        choose_language(user, wanted, actor=actor_of(request))
        request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)  # it goes with this answer
        usual = request.tenant.language  # type: ignore[attr-defined]  # whoever is signed in is inside one
        with translation.override(wanted or asked_for(request, usual)):
            messages.success(request, _("Your language is saved."))
    if wanted:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            wanted,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite="Lax",
            secure=request.is_secure(),
            httponly=True,
        )
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return response


def _next(request: HttpRequest) -> str:
    """Outside an organisation there is one page with a choice: the first."""
    if getattr(request, "tenant", None) is None:
        return "/"
    return inside_tenant(request, request.POST.get("next", "")) or settings.LOGIN_REDIRECT_URL
