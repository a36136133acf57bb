"""What stands above the tabs of an application, whichever tab is open."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.applications.models import Application, Assignment
from apps.console.certificate_notices import notices_of
from apps.console.chips import Chip, certificate_chip, identity_chip, launcher_chip, sign_on_chip
from apps.console.counting import counted
from apps.console.identity_match import differing
from apps.console.pages import Tab, show
from apps.provisioning.models import Integration, Job
from apps.saml.actions.settings import sso_of
from apps.saml.models import KeyPair, SsoSettings


@dataclass(frozen=True, slots=True)
class Step:
    text: str
    url: str
    done: bool


def applications_for_pages() -> Any:
    """QuerySet without the pictures' bytes; `has_logo` says whether there is one (served by applications.logo)."""
    applications = Application.objects.select_related("sso", "integration", "tenant").defer("logo")
    return applications.annotate(has_logo=~Q(logo=b""))


def application_or_404(pk: UUID) -> Application:
    """With the three numbers that `show_tab` writes around every tab."""
    failing = Job.objects.failing()
    here = failing.filter(integration__application=OuterRef("pk"))
    application: Application = get_object_or_404(
        applications_for_pages()
        .select_related("sso", "integration__comparison", "tenant")
        .annotate(
            bound=counted(Assignment.objects.filter(application=OuterRef("pk"))),
            failing=counted(here),
            failing_applications=counted(failing, "integration", distinct=True),
        ),
        pk=pk,
    )
    return application


def settings_of(application: Application) -> SsoSettings:
    """As `sso_of`, without asking again for what `application_or_404` has brought along."""
    found: SsoSettings | None = getattr(application, "sso", None)
    return found or sso_of(application)


def _tabs(application: Any) -> list[Tab]:
    keys = [application.pk]
    sign_on = _("Bookmark") if application.is_bookmark else _("SSO")
    tabs = [
        Tab(reverse("console:application", args=keys), _("General info"), exact=True),
        Tab(reverse("console:application_sso", args=keys), sign_on),
    ]
    if not application.is_bookmark:
        tabs.append(Tab(reverse("console:application_preview", args=keys), _("Preview")))
    if application.connector.scim is not None:
        address = reverse("console:application_identity", args=keys)
        tabs.append(Tab(address, _("Identity management"), application.failing, bad=True))
    if application.connector.saml is not None and application.connector.scim is not None:
        address = reverse("console:application_identity_match", args=keys)
        tabs.append(Tab(address, _("Identity match"), differing(application), bad=True))
    return [
        *tabs,
        Tab(reverse("console:application_groups", args=keys), _("User groups"), application.bound),
        Tab(reverse("console:application_events", args=keys), _("Events")),
    ]


def _chips(application: Application, certificate: KeyPair | None) -> list[Chip]:
    chips = [sign_on_chip(application)]
    if (identity := identity_chip(application)) is not None:
        chips.append(identity)
    if certificate is not None:
        chips.append(certificate_chip(certificate))
    return [*chips, launcher_chip(application)]


def _steps(application: Application, bound: int) -> list[Step]:
    """The way from "created" to "people use it", for the card beside the tabs."""
    keys = [application.pk]
    integration: Integration | None = getattr(application, "integration", None)
    steps = [Step(_("Application created"), "", done=True)]
    if not application.is_bookmark:
        ready = sign_on_chip(application).state == "active"
        steps.append(Step(_("SSO configured"), reverse("console:application_sso", args=keys), done=ready))
    if application.connector.scim is not None:
        active = integration is not None and integration.is_active
        address = reverse("console:application_identity", args=keys)
        steps.append(Step(_("Identity management active"), address, done=active))
    text = ngettext("%(count)s user group bound", "%(count)s user groups bound", bound) % {"count": bound}
    return [*steps, Step(text, reverse("console:application_groups", args=keys), done=bound > 0)]


def show_tab(
    request: HttpRequest,
    template: str,
    application: Any,
    context: dict[str, Any],
    *,
    form: forms.Form | None = None,
) -> HttpResponse:
    """`application` is from `application_or_404`."""
    states = (KeyPair.State.ACTIVE, KeyPair.State.NEXT)
    pairs = {pair.state: pair for pair in KeyPair.objects.filter(application=application, state__in=states)}
    active = pairs.get(KeyPair.State.ACTIVE)
    steps = _steps(application, application.bound)
    frame = {
        "application": application,
        "tabs": _tabs(application),
        "chips": _chips(application, active),
        "steps": steps,
        "steps_done": sum(step.done for step in steps),
        "failing_applications": application.failing_applications,  # the side menu's, which need not ask again
        "certificate_notices": notices_of(active, pairs.get(KeyPair.State.NEXT)),
    }
    return show(request, template, frame | context, form=form)
