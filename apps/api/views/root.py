"""The start of the API, its description and its documentation: for anybody, because they hold nothing of the tenant's."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.accounts.access import public
from apps.api.schema import described


@public
@require_safe
def root(request: HttpRequest) -> HttpResponse:
    names = {"schema": "api:schema", "documentation": "api:docs"}
    return JsonResponse({name: settings.PUBLIC_URL + reverse(view) for name, view in names.items()})


@public
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    server = {"url": settings.PUBLIC_URL + reverse("api:root").rstrip("/")}
    return JsonResponse(described() | {"servers": [server]})


@public
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html")
