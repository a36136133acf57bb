from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.recent import recent_authentication_to_write
from apps.applications.access import people_with
from apps.applications.catalog import ScimDialect
from apps.applications.models import Application
from apps.console.abilities import abilities_of, told_by
from apps.console.access_explained import account_explained
from apps.console.application_page import application_or_404, show_tab
from apps.console.consequences import policy_of
from apps.console.forms.identity import ConnectionForm
from apps.console.forms.people import ConfirmForm
from apps.console.health_chart import chart_of
from apps.console.mapping_view import mapping_context
from apps.console.pages import refusals_on, show
from apps.console.views.identity_plans import outdated
from apps.directory.models import User
from apps.events.actors import Actor
from apps.provisioning import actions, linking, queries
from apps.provisioning.errors import ActivationRefused, Outdated
from apps.provisioning.models import Integration, Job, JobState, ResourceKind, Synchronization
from apps.provisioning.plans import actions as plans
from apps.provisioning.synchronizations import progress

BEING_CHECKED = gettext_lazy(
    "The application has accepted address and token. It is active once everybody was compared; you can leave this page."
)
MOVED = gettext_lazy("The base URL was changed. Identity Management is inactive until it is activated again.")
VERIFIED = gettext_lazy("The Identity Management integration has been successfully verified and is active.")


def _application(pk: UUID) -> Application:
    application = application_or_404(pk)
    if application.connector.scim is None:
        raise Http404
    return application


def _integration(pk: UUID) -> Integration:
    integration: Integration = get_object_or_404(
        Integration.objects.select_related("application"), application_id=pk
    )
    return integration


def _back(pk: UUID) -> HttpResponse:
    return redirect("console:application_identity", pk)


@administrator_required
@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Not configured: what the application can do, and Configure. Configured: how it is doing, and what to do."""
    application = _application(pk)
    integration: Integration | None = getattr(application, "integration", None)
    context: dict[str, Any] = {"integration": integration} | _connector_context(application, integration)
    if integration is None:
        return show_tab(request, "console/application_identity_new.html", application, context)
    health = queries.health(integration)
    synchronizations = list(integration.synchronizations.all()[:5])
    latest: Synchronization | None = synchronizations[0] if synchronizations else None
    attention = queries.needs_attention(integration, health, limit=20)
    parked = [row.job for row in attention if row.state == JobState.PARKED]
    context |= chart_of(integration) | {
        "policy": policy_of(integration),
        "comparison": queries.comparison_of(integration),
        "synchronizations": synchronizations,
        "synchronization": latest if latest is not None and latest.is_open else None,
        "refused": latest if latest is not None and latest.state == "refused" else None,
        "progress": progress(latest) if latest is not None else None,
        "health": health,
        "attention_total": health.failing + health.held + health.kept or health.pending,
        "attention": attention,
        "attention_more": max(0, health.total - health.in_sync - len(attention)),
        "fixable": linking.fixable_among(integration.pk, parked),
    }
    return show_tab(request, "console/application_identity.html", application, context)


def _connector_context(application: Application, integration: Integration | None = None) -> dict[str, Any]:
    scim = application.connector.scim or ScimDialect()
    return {"scim": scim, "abilities": abilities_of(scim), "told": told_by(integration)} | mapping_context(
        application, integration, people_with(application).first(), has_access=True
    )


@sensitive_post_parameters("token")
@administrator_required
@recent_authentication_to_write
def connection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Base URL and token: where everybody's accounts go. "Activate" asks the application first; a refusal is a form error and an event."""
    application = _application(pk)
    before = actions.integration_of(application)
    data = request.POST if request.method == "POST" else None
    form = ConnectionForm(application, before, data, manage_groups="manage_groups" in request.GET)
    saved = None
    if form.is_valid():
        actor, was_active = actor_of(request), before is not None and before.is_active
        with refusals_on(form):
            saved = _configured(application, before, form, actor)
        words = _("The connection was saved. It is not active.")
        if saved is not None and "activate" in request.POST and not saved.is_active and not was_active:
            with refusals_on(form):
                saved = plans.activate(saved, actor=actor)
                words = str(BEING_CHECKED)
        if saved is not None and not form.errors:
            if was_active and not saved.is_active:
                messages.warning(request, MOVED)
            if "preview" in request.POST or (was_active and not saved.is_active):  # first look, then activate
                return redirect("console:application_plan", pk)
            messages.success(request, VERIFIED if saved.is_active else words)
            return _back(pk)
    title = _("It was not activated. Address and token are saved.") if saved is not None else ""
    context = {"integration": saved or before, "title": title} | _connector_context(
        application, saved or before
    )
    return show_tab(request, "console/application_connection.html", application, context, form=form)


def _configured(
    application: Application, before: Integration | None, form: ConnectionForm, actor: Actor
) -> Integration:
    """An active connection takes a new token without a gap: the old one stays if the new one is refused."""
    values = form.values()
    if before is not None and before.is_active and not form.moves and "token" in values:
        actions.reauthorize_integration(before, actor=actor, token=values.pop("token"))
    return actions.configure_integration(application, actor=actor, **values)


@administrator_required
@require_POST
def activation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """With the address and token that are saved."""
    try:
        integration = plans.activate(_integration(pk), actor=actor_of(request), plan=request.POST.get("plan"))
    except Outdated as error:
        return outdated(request, pk, error)
    except ActivationRefused as error:
        for texts in error.fields.values():
            messages.error(request, " ".join(texts))
        return redirect("console:application_connection", pk)
    messages.success(request, VERIFIED if integration.is_active else BEING_CHECKED)
    return _back(pk)


@administrator_required
@require_POST
def resumption(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Of a connection that is paused or quarantined, with the address and token that are saved."""
    try:
        actions.resume_integration(_integration(pk), actor=actor_of(request))
    except ActivationRefused as error:
        for texts in error.fields.values():
            messages.error(request, " ".join(texts))
    else:
        messages.success(request, _("What is owed is being sent now."))
    return _back(pk)


@administrator_required
def deactivation(request: HttpRequest, pk: UUID) -> HttpResponse:
    integration = _integration(pk)
    if request.method == "POST":
        actions.deactivate_integration(integration, actor=actor_of(request))
        text = _(
            "Identity Management was deactivated. Accounts stay active in %(name)s, and nothing is sent there."
        )
        messages.success(request, text % {"name": integration})
        return _back(pk)
    context = {
        "title": _("Deactivate IdM connection?"),
        "consequence": _(
            "Previously bound users remain active in %(name)s and able to authenticate using SSO. "
            "No further updates will be made to user accounts via the Identity Management integration."
        )
        % {"name": integration},
        "action": _("Confirm"),
        "cancel_url": reverse("console:application_identity", args=[pk]),
        "breadcrumb_text": str(integration),
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())


def _job(pk: UUID, job_pk: UUID) -> Job:
    job: Job = get_object_or_404(
        Job.objects.select_related("integration__application"), pk=job_pk, integration__application_id=pk
    )
    return job


def _person_of(job: Job) -> User | None:
    """None for a group, and for somebody who was deleted."""
    if job.kind != ResourceKind.USER:
        return None
    found: User | None = User.objects.filter(pk=job.resource_id).first()
    return found


@administrator_required
@require_safe
def job(request: HttpRequest, pk: UUID, job_pk: UUID) -> HttpResponse:
    """One person or group at this application: every request made and every answer, secrets masked."""
    found = _job(pk, job_pk)
    application, person = found.integration.application, _person_of(found)
    context = {
        "job": found,
        "application": application,
        "why": account_explained(application, person) if person else None,
        "attempts": found.tries.all()[:20],
        "fixable": linking.is_fixable(found),
        "account": queries.account_of(found),
    }
    return show(request, "console/job.html", context)


@administrator_required
@require_POST
def job_retries(request: HttpRequest, pk: UUID, job_pk: UUID) -> HttpResponse:
    found = actions.retry_job(_job(pk, job_pk), actor=actor_of(request))
    messages.success(request, _("%(name)s is tried again now.") % {"name": found})
    return _back(pk)
