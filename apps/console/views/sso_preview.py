from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.applications.models import Application
from apps.console.application_page import application_or_404, show_tab
from apps.console.forms.sso_name_id import NAME_ID_SOURCES
from apps.console.pages import person_or_404, search_text
from apps.console.xml_view import readable
from apps.directory.models import User
from apps.saml.actions.previews import preview_sign_in
from apps.saml.messages import BEFORE, LIFE
from apps.saml.models import NameIdFormat
from apps.saml.preview import Preview
from apps.saml.preview_problems import Problem

FOUND = 8
AT_THE_APPLICATION = "application"  # ?start=
WORDS: dict[str, Any] = dict(NAME_ID_SOURCES)


@dataclass(frozen=True, slots=True)
class Mend:
    """A problem, and the page where it is put right."""

    problem: Problem
    url: str
    action: str


@administrator_required
@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Chooses a person; with ?user= shows what the application would be told about them, which is an event."""
    application = application_or_404(pk)
    if application.is_bookmark:
        raise Http404
    text = search_text(request)
    context: dict[str, Any] = {
        "q": text,
        "found": User.objects.matching(text)[:FOUND] if text else [],
        "start": request.GET.get("start", ""),
        "suggested": [] if "user" in request.GET else _suggested(application),
    }
    if "user" in request.GET:
        context |= _shown(request, application, person_or_404(request.GET["user"]))
    return show_tab(request, "console/application_preview.html", application, context)


def _suggested(application: Application) -> list[User]:
    """Somebody to begin with, before anything was searched for."""
    people = User.objects.filter(user_groups__applications=application).distinct()
    return list(people[:FOUND])


def _shown(request: HttpRequest, application: Application, person: User) -> dict[str, Any]:
    sp_initiated = request.GET.get("start") == AT_THE_APPLICATION
    preview = preview_sign_in(person, application, sp_initiated=sp_initiated, actor=actor_of(request))
    document = preview.document
    return {
        "person": person,
        "preview": preview,
        "mends": [_mend(problem, preview) for problem in preview.problems],
        "name_id_origin": _name_id_origin(preview),
        "rows": [(row, WORDS.get(row.source, "")) for row in preview.rows],
        "before": int(BEFORE.total_seconds()),
        "life": int(LIFE.total_seconds() // 60),
        "document": document,
        "xml": document.xml.decode() if document else "",
        "readable": readable(document.xml) if document else "",
    }


def _name_id_origin(preview: Preview) -> str:
    if preview.settings.name_id is NameIdFormat.TRANSIENT:
        return _("random: a new one at every sign-in")
    return str(WORDS.get(preview.settings.name_id_source, preview.settings.name_id_source))


def _mend(problem: Problem, preview: Preview) -> Mend:
    application, person = preview.settings.application, preview.user
    sso = reverse("console:application_sso", args=[application.pk])
    profile = reverse("console:user", args=[person.pk])
    groups = reverse("console:application_groups", args=[application.pk])
    places = {
        "suspended": (profile, _("Reactivate…")),
        "password_expired": (reverse("console:user_password", args=[person.pk]), _("Set a password…")),
        "not_assigned": (
            (reverse("console:user_groups", args=[person.pk]), _("Change groups…"))
            if problem.groups
            else (groups, _("Bind a group…"))
        ),
        "unwritable": (profile, _("Fill it in…")),
    }
    url, action = places.get(problem.code, (sso, _("Go to SSO…")))
    return Mend(problem, url, action)
