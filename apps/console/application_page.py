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
from apps.console.chips import Chip, certificate_chip, launcher_chip, sign_on_chip
from apps.console.pages import Tab, show
from apps.saml.models import KeyPair


def applications_for_pages() -> Any:
    """QuerySet without the pictures' bytes; `has_logo` says whether there is one (served by applications.logo)."""
    applications = Application.objects.select_related("sso").defer("logo")
    return applications.annotate(has_logo=~Q(logo=b""))


def application_or_404(pk: UUID) -> Application:
    application: Application = get_object_or_404(applications_for_pages(), pk=pk)
    return application


def sso_url(request: HttpRequest, slug: str) -> str:
    """The SSO IdP URL as the other side needs it (design, "Addresses"): from PUBLIC_URL, never from a Host header."""
    return f"{settings.PUBLIC_URL}{request.META['SCRIPT_NAME']}/saml2/{slug}"


def _tabs(application: Application) -> list[Tab]:
    keys = [application.pk]
    return [
        Tab(reverse("console:application", args=keys), _("General info")),
        Tab(
            reverse("console:application_sso", args=keys),
            _("Bookmark") if application.is_bookmark else _("SSO"),
        ),
        Tab(
            reverse("console:application_groups", args=keys),
            _("User groups"),
            application.assignments.count(),
        ),
        Tab(reverse("console:application_events", args=keys), _("Events")),
    ]


def _chips(application: Application) -> list[Chip]:
    chips = [sign_on_chip(application)]
    certificate = KeyPair.objects.filter(application=application, state=KeyPair.State.ACTIVE).first()
    if certificate is not None:
        chips.append(certificate_chip(certificate))
    return [*chips, launcher_chip(application)]


def show_tab(
    request: HttpRequest,
    template: str,
    application: Application,
    context: dict[str, Any],
    *,
    form: forms.Form | None = None,
) -> HttpResponse:
    frame = {"application": application, "tabs": _tabs(application), "chips": _chips(application)}
    return show(request, template, frame | context, form=form)
