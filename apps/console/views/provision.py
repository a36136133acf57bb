"""One person at one application, step by step: the plan, the press, and what was said."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.access import actor_of, administrator_required
from apps.applications.access import people_with
from apps.console.access_explained import account_explained
from apps.console.application_page import application_or_404, show_tab
from apps.console.chips import operation_chip
from apps.console.pages import person_or_404, search_text
from apps.directory.models import User
from apps.provisioning import running
from apps.provisioning.errors import ActivationRefused, IntegrationInvalid
from apps.provisioning.linking import has_failed
from apps.provisioning.models import Integration, Job, JobState, ResourceKind
from apps.provisioning.plan import Create
from apps.provisioning.preview import CONFLICT, IDLE, preview_of

FOUND = 8
NOT_THERE = {Create.operation, CONFLICT}  # as far as we know
UNDER_WAY = {JobState.PENDING, JobState.RUNNING}


@administrator_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Chooses a person; ?user= shows the plan; POST does it; ?since= shows what was said from then on."""
    application = application_or_404(pk)
    integration: Integration | None = getattr(application, "integration", None)
    if integration is None:
        raise Http404
    if request.method == "POST":
        return _provisioned(request, integration, person_or_404(request.POST.get("user", "")))
    text = search_text(request)
    people = User.objects.matching(text) if text else people_with(application)
    context: dict[str, Any] = {"integration": integration, "q": text, "people": people[:FOUND]}
    if "user" in request.GET:
        context |= _shown(integration, person_or_404(request.GET["user"]), _since(request))
    return show_tab(request, "console/application_provision.html", application, context)


def _provisioned(request: HttpRequest, integration: Integration, person: User) -> HttpResponse:
    address = reverse("console:application_provision", args=[integration.application_id])
    since = timezone.now().timestamp()
    try:
        running.provision_person(integration, person, actor=actor_of(request))
    except (ActivationRefused, IntegrationInvalid) as error:
        for texts in error.fields.values():
            messages.error(request, " ".join(texts))
        return redirect(f"{address}?user={person.pk}")
    return redirect(f"{address}?user={person.pk}&since={since}")


def _shown(integration: Integration, person: User, since: datetime | None) -> dict[str, Any]:
    job: Job | None = Job.objects.filter(
        integration=integration, kind=ResourceKind.USER, resource_id=person.pk
    ).first()
    why = account_explained(integration.application, person)
    bound = [group.pk for group in why.bound]
    row = preview_of(integration, person.pk, {person.pk: job} if job else {}, bound)
    context: dict[str, Any] = {
        "person": person,
        "chip": operation_chip(row.operation),
        "document": row.document,
        "idle": row.operation in IDLE,
        "job": job,
        "why": why,
        "fixable": row.operation in NOT_THERE and job is not None and has_failed(job),
    }
    if job is not None and since is not None:
        context |= {
            "attempts": job.tries.filter(created_at__gte=since)[:10],
            "asked": True,
            "under_way": job.state in UNDER_WAY and not job.attempts and integration.is_active,
        }
    return context


def _since(request: HttpRequest) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(request.GET["since"]), tz=timezone.get_current_timezone())
    except (KeyError, ValueError, OverflowError, OSError):
        return None
