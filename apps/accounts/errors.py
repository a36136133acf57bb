from collections.abc import Iterable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.access import RoleMissing, role_of
from apps.accounts.models import Administrator, Role

NAMED = 5  # of those who could do it


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's reason is for developers; people need to know what to do."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A form that is too long was still a form: its page says so."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Says which role it takes and who has it, to people who have one themselves: nobody else is told who administers."""
    role = role_of(getattr(request, "user", None))
    context = {}
    if isinstance(exception, RoleMissing) and role is not None:
        context = {
            "role": Role(role).label,
            "roles": [Role(one).label for one in exception.roles],
            "names": _people_with(exception.roles),
        }
    return render(request, "403.html", context, status=403)


def _people_with(roles: Iterable[str]) -> list[str]:
    """The first NAMED of them who can sign in."""
    found = Administrator.objects.filter(role__in=tuple(roles), user__active=True).select_related("user")
    return [str(one.user) for one in found[:NAMED]]
