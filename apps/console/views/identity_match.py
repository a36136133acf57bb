from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.accounts.access import administrator_required
from apps.applications.identity_match import DIFFERS, verdict_on
from apps.applications.models import Application
from apps.console.application_page import application_or_404, settings_of, show_tab
from apps.console.forms.sso_name_id import NAME_ID_SOURCES
from apps.console.identity_match import differing, people_compared
from apps.console.pages import page_of, search_text
from apps.saml.advice import advice_on
from apps.saml.metadata_sources import source_of
from apps.saml.models import NameIdFormat


@administrator_required
@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """NameID beside the account's values, person by person; ?show=differing leaves out who is as they should be."""
    application = application_or_404(pk)
    if application.connector.saml is None or application.connector.scim is None:
        raise Http404
    people, text, show = (
        people_compared(application, settings_of(application)),
        search_text(request),
        request.GET.get("show", ""),
    )
    found = people.matching(text) if text else people
    if show == "differing":
        found = found.filter(match=DIFFERS)
    page = page_of(found.order_by("username_key", "pk"), request)
    context = {
        "q": text,
        "show": show,
        "page": page,
        "rows": [(person, verdict_on(person, application)) for person in page.rows],
        "differ": people.filter(match=DIFFERS).count(),
    }
    differing(application, now=True)  # the tab says the same as the page
    return show_tab(
        request, "console/application_identity_match.html", application, context | _rule(application)
    )


def _rule(application: Application) -> dict[str, Any]:
    """What has to be the same, and what to do where it is not."""
    settings, rule = settings_of(application), application.connector.identity
    return {
        "sso": settings,
        "rule": rule,
        "by_email": rule.scim == "email",
        "transient": settings.name_id is NameIdFormat.TRANSIENT,
        "name_id_field": dict(NAME_ID_SOURCES).get(settings.name_id_source, ""),
        "advice": advice_on(settings, source_of(application)),
        "integration": getattr(application, "integration", None),
        "updates": application.connector.scim is not None and application.connector.scim.updates_users,
    }
