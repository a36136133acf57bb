import hashlib
import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts.access import actor_of, administrator_required
from apps.applications.access import people_with
from apps.applications.models import Application
from apps.console.application_page import application_or_404, show_tab
from apps.console.forms.mapping import MappingForm, mapping_rows_form, mapping_values
from apps.console.forms.sso_attributes import tell_of_rows
from apps.console.mapping_view import mapping_context
from apps.console.pages import person_or_404, refusals_on, search_text
from apps.console.plan_view import plan_context
from apps.directory.models import User
from apps.provisioning import mapping_changes, scim_paths
from apps.provisioning.mapping import Differences, MappingRow
from apps.provisioning.models import Integration
from apps.provisioning.plans import actions as plans
from apps.provisioning.preview import preview

FOUND = 8


@administrator_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The table, with what it says of a person (?user=). A change is looked at as a plan first, then saved."""
    application = application_or_404(pk)
    integration: Integration | None = getattr(application, "integration", None)
    if application.connector.scim is None or integration is None:
        raise Http404
    data = request.POST if request.method == "POST" and "defaults" not in request.POST else None
    more = integration.dialect.more_attributes
    table = mapping_changes.table_of(integration)
    formset, form = mapping_rows_form(table, data, more=more), MappingForm(data)
    context: dict[str, Any] = {}
    if data is not None:
        tell_of_rows(form, formset)
    if form.is_valid():
        rows = mapping_values(formset, table)
        with refusals_on(form):
            would_be = mapping_changes.proposed(integration, rows)
            if "save" in request.POST and request.POST.get("reviewed") == _digest(would_be.mapping):
                return _saved(request, integration, rows)
            context = _review(integration, would_be)
    elif request.method == "POST" and data is None:
        rows = mapping_changes.connectors_table(application)
        formset = mapping_rows_form(rows, more=more)
        context = _review(integration, mapping_changes.proposed(integration, rows))
    context |= {
        "integration": integration,
        "scim": integration.dialect,
        "rows_form": formset,
        "suggested_paths": scim_paths.SUGGESTED,
    }
    context |= _person_context(request, application, integration)
    return show_tab(request, "console/application_mapping.html", application, context, form=form)


def _saved(request: HttpRequest, integration: Integration, rows: list[MappingRow]) -> HttpResponse:
    """Just this table was reviewed, with how many accounts get another name: saving it is the yes to that, too."""
    changed = mapping_changes.change_mapping(integration, rows, actor=actor_of(request), renaming=True)
    text = (
        _("The mapping was saved. Everybody is being compared with it; what differs is sent.")
        if changed.is_active
        else _("The mapping was saved. It is used from the next activation on.")
    )
    messages.success(request, text)
    return redirect("console:application_identity", integration.application_id)


def _review(integration: Integration, would_be: Integration) -> dict[str, Any]:
    """With many people a worker makes the plan, which has a page of its own."""
    renamed = mapping_changes.accounts_renamed(integration, would_be.mapping)
    warning = mapping_changes.renaming_words(integration, renamed) if renamed else ""
    people = plans.few(integration)
    if people is not None:
        found = plan_context(preview(would_be, people))
    else:
        found = {"prepared": plans.prepare(integration, mapping=would_be.mapping)}
    return found | {"reviewed": _digest(would_be.mapping), "renaming": warning}


def _digest(differences: Differences) -> str:
    """Whoever changes the table after the review is shown another one."""
    return hashlib.sha256(json.dumps(differences, sort_keys=True).encode()).hexdigest()


def _person_context(
    request: HttpRequest, application: Application, integration: Integration
) -> dict[str, Any]:
    text = search_text(request)
    entitled = people_with(application)
    chosen = request.GET.get("user", "")
    person = person_or_404(chosen) if chosen else entitled.first()
    return mapping_context(application, integration, person) | {
        "q": text,
        "person": person,
        "found": User.objects.matching(text)[:FOUND] if text else [],
        "suggested": entitled[:FOUND],
    }
