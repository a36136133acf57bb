"""What stands above the tabs of an application, whichever tab is open."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.console.pages import Tab, show


def applications_for_pages() -> Any:
    """QuerySet without the pictures' bytes; `has_logo` says whether there is one (served by applications.logo)."""
    return Application.objects.defer("logo").annotate(has_logo=~Q(logo=b""))


def application_or_404(pk: UUID) -> Application:
    application: Application = get_object_or_404(applications_for_pages(), pk=pk)
    return application


def sso_url(request: HttpRequest, slug: str) -> str:
    """The SSO IdP URL as the other side needs it (design, "Addresses"): from PUBLIC_URL, never from a Host header."""
    return f"{settings.PUBLIC_URL}{request.META['SCRIPT_NAME']}/saml2/{slug}"


def _tabs(application: Application) -> list[Tab]:
    tabs = [Tab(reverse("console:application", args=[application.pk]), _("General info"))]
    return [
        *tabs,
        Tab(
            reverse("console:application_groups", args=[application.pk]),
            _("User groups"),
            application.assignments.count(),
        ),
        Tab(reverse("console:application_events", args=[application.pk]), _("Events")),
    ]


def show_tab(
    request: HttpRequest,
    template: str,
    application: Application,
    context: dict[str, Any],
    *,
    form: forms.Form | None = None,
) -> HttpResponse:
    return show(
        request, template, {"application": application, "tabs": _tabs(application)} | context, form=form
    )
