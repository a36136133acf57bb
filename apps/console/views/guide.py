from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.access import administrator_required
from apps.applications.models import Application
from apps.console.application_page import application_or_404, show_tab
from apps.saml.guide import FilledStep, guide_of


@administrator_required
@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Step by step, in the vendor's words, with what has to be copied beside each."""
    application = application_or_404(pk)
    integration = getattr(application, "integration", None)
    guide = guide_of(application, identity_active=integration is not None and integration.is_active)
    if guide is None:
        raise Http404
    sections = [
        (_("People sign in"), _linked(guide.sign_on, application)),
        (_("Accounts are managed from here"), _linked(guide.accounts, application)),
    ]
    known = [step.done for step in (*guide.sign_on, *guide.accounts) if step.done is not None]
    context = {
        "sections": [(title, steps) for title, steps in sections if steps],
        "source": guide.source,
        "known": len(known),
        "done": sum(known),
    }
    return show_tab(request, "console/application_guide.html", application, context)


def _linked(steps: tuple[FilledStep, ...], application: Application) -> list[tuple[FilledStep, str, str]]:
    """(step, address of our page, its name); both "" for a step at the vendor."""
    keys = [application.pk]
    pages = {
        "": ("", ""),
        "general": (reverse("console:application", args=keys), _("General info")),
        "sso": (reverse("console:application_sso", args=keys), _("SSO")),
        "groups": (reverse("console:application_groups", args=keys), _("User groups")),
        "identity": (reverse("console:application_identity", args=keys), _("Identity management")),
        "preview": (reverse("console:application_preview", args=keys), _("Preview")),
        "launch": (reverse("launcher:launch", args=[application.slug]), _("Sign in")),
    }
    return [(step, *pages[step.page]) for step in steps]
