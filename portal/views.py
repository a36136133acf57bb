from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.accounts.access import public
from apps.accounts.organisations import LAST, organisations_of, set_cookie
from apps.tenants.addresses import path_prefix
from apps.tenants.models import Tenant
from apps.tenants.platform import customers


@public
def index(request: HttpRequest) -> HttpResponse:
    """Asks for the organisation; the one used last stands in the field. Does not tell which organisations exist."""
    slug = request.POST.get("organisation", "").strip().lower()
    if request.method == "POST" and customers().filter(slug=slug, active=True).exists():
        response = redirect(path_prefix(Tenant(slug=slug)))
        set_cookie(response, LAST, slug)
        return response
    refused = request.method == "POST"
    context = {
        "organisation": slug or request.COOKIES.get(LAST, ""),
        "known": [(tenant, path_prefix(tenant)) for tenant in organisations_of(request)],
        "refused": refused,
    }
    return render(request, "accounts/organisation.html", context, status=422 if refused else 200)


@public
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("alive\n", content_type="text/plain")


def _problem() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting: list[Any] = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, ImproperlyConfigured):
        return "database unreachable"
    return "migrations not applied" if waiting else ""


@public
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    problem = _problem()
    return JsonResponse({"ready": not problem, "problem": problem}, status=503 if problem else 200)
