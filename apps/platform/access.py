"""Every person of the operators' organisation is an operator; nobody else has a session below /platform/."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from apps.tenants.platform import is_platform

View = Callable[..., HttpResponse]


def operator_required(view: View) -> View:
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_platform(getattr(request, "tenant", None)):
            raise PermissionDenied  # should an address of ours ever stand in a customer's list of addresses
        return view(request, *args, **kwargs)

    guarded.access = "operator"  # type: ignore[attr-defined]
    return guarded
