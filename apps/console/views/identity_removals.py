"""Removals that the guard holds: who, why, and what an administrator decides about them."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, administrator_required
from apps.console.consequences import accounts_of_leavers
from apps.console.pages import show
from apps.provisioning import queries, removal_decisions, removals
from apps.provisioning.errors import Outdated
from apps.provisioning.models import Integration, Job

WORDS = {
    removals.GONE: gettext_lazy("removed from this organisation"),
    removals.SUSPENDED: gettext_lazy("suspended"),
    removals.EXPIRED: gettext_lazy("password expired"),
    removals.NO_GROUP: gettext_lazy("in no bound user group any more"),
}


def _integration(pk: UUID) -> Integration:
    integration: Integration = get_object_or_404(
        Integration.objects.select_related("application"), application_id=pk
    )
    return integration


@administrator_required
def approval(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The question, with both answers; POST: they are let go."""
    integration = _integration(pk)
    if request.method == "POST":
        return _decided(request, integration, removal_decisions.approve_removals, _approved)
    held = queries.held_removals(integration)
    context = {
        "application": integration.application,
        "held": held,
        "more": held.total - len(held.names),
        "reasons": [(WORDS[reason], count) for reason, count in held.reasons.items()],
        "consequence": accounts_of_leavers(integration.application),
    }
    return show(request, "console/removals.html", context)


@administrator_required
@require_POST
def rejection(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _decided(request, _integration(pk), removal_decisions.reject_removals, _rejected)


@administrator_required
@require_POST
def reopening(request: HttpRequest, pk: UUID, job_pk: UUID) -> HttpResponse:
    """Of one account that was kept."""
    job: Job = get_object_or_404(Job, pk=job_pk, integration__application_id=pk)
    removal_decisions.reopen_removal(job, actor=actor_of(request))
    messages.success(request, _("%(name)s is compared like everybody again.") % {"name": job})
    return redirect("console:application_identity", pk)


def _decided(
    request: HttpRequest,
    integration: Integration,
    decide: Callable[..., int],
    words: Callable[[int], str],
) -> HttpResponse:
    seen = request.POST.get("held", "")
    try:
        count = decide(integration, actor=actor_of(request), held=int(seen) if seen.isdecimal() else None)
    except Outdated as error:
        messages.error(request, " ".join(error.fields["held"]))
        return redirect("console:application_approval", integration.application_id)
    if count:
        messages.success(request, words(count))
    else:
        messages.info(request, _("Nothing waits for a decision any more."))
    return redirect("console:application_identity", integration.application_id)


def _approved(count: int) -> str:
    text = ngettext("%(count)s removal was approved.", "%(count)s removals were approved.", count)
    return text % {"count": count}


def _rejected(count: int) -> str:
    text = ngettext("%(count)s account is kept as it is.", "%(count)s accounts are kept as they are.", count)
    return text % {"count": count}
