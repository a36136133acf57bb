"""Pausing a connection, and cancelling what was asked of it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, administrator_required
from apps.provisioning import running
from apps.provisioning.errors import ActivationRefused
from apps.provisioning.models import Integration, Synchronization


@administrator_required
@require_POST
def pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    integration: Integration = get_object_or_404(Integration, application_id=pk)
    try:
        running.pause_integration(integration, actor=actor_of(request))
    except ActivationRefused as error:
        messages.error(request, str(error.fields["__all__"][0]))
    else:
        messages.success(request, _("Paused: nothing is sent, and what changes meanwhile is kept for later."))
    return redirect("console:application_identity", pk)


@administrator_required
@require_POST
def cancellation(request: HttpRequest, pk: UUID, synchronization_pk: UUID) -> HttpResponse:
    found: Synchronization = get_object_or_404(
        Synchronization.objects.select_related("integration"),
        pk=synchronization_pk,
        integration__application_id=pk,
    )
    running.cancel_synchronization(found, actor=actor_of(request))
    text = _(
        "Cancelled. Who was not reached yet waits for a change, the next sync or the nightly comparison."
    )
    messages.success(request, text)
    return redirect("console:application_identity", pk)
