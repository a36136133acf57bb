from datetime import UTC, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.access import any_role_required, role_of
from apps.accounts.models import Role
from apps.applications.models import Application, Assignment
from apps.console.application_page import Step
from apps.console.attention import needs_attention
from apps.console.charts import Bar, bars
from apps.console.counting import counted
from apps.console.event_columns import USUAL
from apps.console.pages import show
from apps.directory.models import Group, User
from apps.events.models import Event
from apps.provisioning.models import Integration, IntegrationState, Job
from apps.tenants.context import current_tenant_id
from apps.tenants.models import Tenant

RECENT = 8


def _chart() -> list[Bar]:
    now = timezone.now().astimezone(UTC)
    events = Event.objects.filter(created_at__gte=now - timedelta(hours=24)).order_by()
    rows = (
        events.annotate(hour=TruncHour("created_at", tzinfo=UTC))
        .values_list("hour", "success")
        .annotate(Count("pk"))
    )
    return bars(rows, now)


def _numbers() -> Any:
    """The tenant, with how many of each thing it has. One question."""
    integrated = Integration.objects.exclude(state=IntegrationState.CONFIGURED)
    return Tenant.objects.annotate(
        people=counted(User.objects.all()),
        active_people=counted(User.objects.active()),
        groups=counted(Group.objects.all()),
        applications=counted(Application.objects.all()),
        bound=counted(Assignment.objects.all()),
        integrated=counted(integrated),
        failing_applications=counted(Job.objects.failing(), "integration", distinct=True),
    ).get(pk=current_tenant_id())


@any_role_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The help desk's console begins with people: what stands here is about applications."""
    if role_of(request.user) == Role.HELP_DESK:
        return redirect("console:users")
    numbers, chart = _numbers(), _chart()
    steps = [
        Step(_("Add people"), reverse("console:users"), done=numbers.people > 1),
        Step(_("Add an application"), reverse("console:catalog"), done=numbers.applications > 0),
        Step(_("Give a user group access to it"), reverse("console:applications"), done=numbers.bound > 0),
        Step(_("Activate Identity Management"), reverse("console:applications"), done=numbers.integrated > 0),
    ]
    context: dict[str, Any] = {
        "attention": needs_attention(),
        "numbers": numbers,
        "failing_applications": numbers.failing_applications,  # the side menu's, which need not ask again
        "steps": steps,
        "steps_done": sum(step.done for step in steps),
        "events": Event.objects.all()[:RECENT],
        "columns": USUAL,
        "chart": chart,
        "succeeded": sum(bar.succeeded for bar in chart),
        "failed": sum(bar.failed for bar in chart),
    }
    return show(request, "console/overview.html", context)
