from datetime import UTC, timedelta
from typing import Any

from django.db.models import Count, Q
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
from apps.console.pages import show
from apps.directory.models import Group, User
from apps.events.models import Event
from apps.provisioning.models import Integration, IntegrationState

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


@any_role_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The help desk's console begins with people: what stands here is about applications."""
    if role_of(request.user) == Role.HELP_DESK:
        return redirect("console:users")
    users = User.objects.aggregate(all=Count("pk"), active=Count("pk", filter=Q(active=True)))
    applications, bound = Application.objects.count(), Assignment.objects.exists()
    integrated = Integration.objects.exclude(state=IntegrationState.CONFIGURED).exists()
    chart = _chart()
    steps = [
        Step(_("Add people"), reverse("console:users"), done=users["all"] > 1),
        Step(_("Add an application"), reverse("console:catalog"), done=applications > 0),
        Step(_("Give a user group access to it"), reverse("console:applications"), done=bound),
        Step(_("Activate Identity Management"), reverse("console:applications"), done=integrated),
    ]
    context: dict[str, Any] = {
        "attention": needs_attention(),
        "users": users,
        "group_count": Group.objects.count(),
        "application_count": applications,
        "steps": steps,
        "steps_done": sum(step.done for step in steps),
        "events": Event.objects.all()[:RECENT],
        "chart": chart,
        "succeeded": sum(bar.succeeded for bar in chart),
        "failed": sum(bar.failed for bar in chart),
    }
    return show(request, "console/overview.html", context)
