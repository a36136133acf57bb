"""What a synchronisation would send, and the synchronisation of exactly that."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.console.counting import counted
from apps.console.pages import page_of, show
from apps.console.plan_view import ROWS, plan_context, prepared_context, with_ways_out
from apps.provisioning.errors import ActivationRefused, Outdated
from apps.provisioning.models import Integration, Job, PreparedPlan, SynchronizationState
from apps.provisioning.plans import actions as plans
from apps.provisioning.preview import preview


def _integration(pk: UUID) -> Any:
    """With the side menu's number, which it then need not ask for."""
    numbered = Integration.objects.annotate(
        failing_applications=counted(Job.objects.failing(), "integration", distinct=True)
    )
    integration: Integration = get_object_or_404(numbered.select_related("application"), application_id=pk)
    return integration


@administrator_required
@require_safe
def plan(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a synchronisation would send now. Nothing is sent. With many people a worker makes it, and another page says how far it is."""
    integration = _integration(pk)
    people = plans.few(integration)
    if people is None:
        return redirect("console:application_prepared_plan", pk, plans.prepare(integration).pk)
    return _show(request, integration, plan_context(preview(integration, people)))


@administrator_required
@require_safe
def prepared_plan(request: HttpRequest, pk: UUID, plan_pk: UUID) -> HttpResponse:
    """How far it is; then all of it, page by page."""
    integration = _integration(pk)
    found = get_object_or_404(PreparedPlan, pk=plan_pk, integration=integration, synchronization=None)
    if found.ready_at is None:
        context = {"integration": integration, "application": integration.application, "plan": found}
        return show(request, "console/plan_progress.html", context)
    tried = {"made_at": found.ready_at, "tried": found.mapping is not None}
    return _show(
        request,
        integration,
        prepared_context(
            found, page_of(found.rows.order_by("-kind", "operation", "name", "number"), request, size=ROWS)
        )
        | tried,
    )


def _show(request: HttpRequest, integration: Any, plan: dict[str, Any]) -> HttpResponse:
    context = {
        "integration": integration,
        "application": integration.application,
        "failing_applications": integration.failing_applications,
    }
    return show(request, "console/plan.html", context | with_ways_out(integration, plan))


@administrator_required
@require_POST
def synchronizations(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Of exactly the plan that was looked at."""
    try:
        begun = plans.synchronize(_integration(pk), actor=actor_of(request), plan=request.POST.get("plan"))
    except Outdated as error:
        return outdated(request, pk, error)
    except ActivationRefused as error:
        messages.error(request, str(error))
    else:
        checked = _("The plan is compared once more, then it is sent. You can leave this page.")
        text = _("Everybody is being compared again. You can leave this page.")
        messages.success(request, checked if begun.state == SynchronizationState.PLANNING else text)
    return redirect("console:application_identity", pk)


def outdated(request: HttpRequest, pk: UUID, error: Outdated) -> HttpResponse:
    for texts in error.fields.values():
        messages.error(request, " ".join(texts))
    return redirect(
        "console:application_plan" if "plan" in error.fields else "console:application_identity", pk
    )
