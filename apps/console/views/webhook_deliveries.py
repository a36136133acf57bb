"""What became of each event on its way to an endpoint, and what an administrator can do about it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.recent import recent_authentication_required
from apps.console.forms.webhooks import ReplayForm
from apps.console.pages import page_of, refusals_on
from apps.console.webhook_page import mask_urls, show_webhook, webhook_or_404
from apps.webhooks import queue, replays
from apps.webhooks.actions import resume_webhook, retry_delivery, update_webhook
from apps.webhooks.errors import WebhookInvalid
from apps.webhooks.models import Delivery, DeliveryState, Replay
from apps.webhooks.trying import send_test

LATEST_REPLAYS = 5


@administrator_required
@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The newest first; `?state=` shows those in one state."""
    webhook = webhook_or_404(pk)
    state = request.GET.get("state", "")
    rows = Delivery.objects.filter(webhook=webhook).defer("body")
    if state in DeliveryState.values:
        rows = rows.filter(state=state)
    context: dict[str, Any] = {
        "page": page_of(rows, request),
        "state": state,
        "states": DeliveryState.choices,
        "behind": queue.behind(webhook),
        "replays": webhook.replays.all()[:LATEST_REPLAYS],
    }
    return show_webhook(request, "console/webhook.html", webhook, context)


@administrator_required
@require_safe
def delivery(request: HttpRequest, pk: UUID, delivery_pk: UUID) -> HttpResponse:
    found = _delivery_or_404(pk, delivery_pk)
    attempts = list(found.tries.all())
    mask_urls(request, attempts)
    context = {"delivery": found, "attempts": attempts}
    return show_webhook(request, "console/webhook_delivery.html", found.webhook, context)


def _delivery_or_404(pk: UUID, delivery_pk: UUID) -> Delivery:
    rows = Delivery.objects.select_related("webhook")
    found: Delivery = get_object_or_404(rows, pk=delivery_pk, webhook=pk)
    return found


@administrator_required
@require_POST
def retry(request: HttpRequest, pk: UUID, delivery_pk: UUID) -> HttpResponse:
    found = _delivery_or_404(pk, delivery_pk)
    try:
        retry_delivery(found)
    except WebhookInvalid as error:
        messages.error(request, str(error.fields[""][0]))
    else:
        messages.success(request, _("It is sent as soon as it is its turn."))
    return redirect("console:webhook_delivery", pk, delivery_pk)


@administrator_required
@require_POST
def test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sends one at once; its page shows what was sent and what came back."""
    webhook = webhook_or_404(pk)
    try:
        sent = send_test(webhook, actor=actor_of(request))
    except WebhookInvalid as error:
        messages.error(request, str(error.fields[""][0]))
        return redirect("console:webhook", pk)
    return redirect("console:webhook_delivery", pk, sent.pk)


@administrator_required
@require_POST
def pause(request: HttpRequest, pk: UUID) -> HttpResponse:
    update_webhook(webhook_or_404(pk), actor=actor_of(request), active=False)
    messages.success(
        request,
        _("Paused: nothing is sent. What happens meanwhile waits for as long as the event log keeps it."),
    )
    return redirect("console:webhook", pk)


@administrator_required
@require_POST
def resumption(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`skip` drops what waits."""
    try:
        resume_webhook(webhook_or_404(pk), actor=actor_of(request), skip="skip" in request.POST)
    except WebhookInvalid as error:
        messages.error(request, str(error.fields[""][0]))
    else:
        messages.success(request, _("It goes on now."))
    return redirect("console:webhook", pk)


@administrator_required
@recent_authentication_required
def replay(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET says how many events a range has; POST sends them."""
    webhook = webhook_or_404(pk)
    asked = request.POST if request.method == "POST" else request.GET
    form = ReplayForm(asked if "since" in asked else None)
    context: dict[str, Any] = {"counted": None, "archived": replays.archived_until()}
    if form.is_valid():
        since, until = form.cleaned_data["since"], form.cleaned_data["until"]
        if request.method == "POST":
            with refusals_on(form):
                run = replays.start_replay(
                    webhook, actor=actor_of(request), since=since, until=until, event_types=form.types
                )
                words = ngettext(
                    "%(count)s event is sent again.", "%(count)s events are sent again.", run.total
                )
                messages.success(request, words % {"count": run.total})
                return redirect("console:webhook", pk)
        with refusals_on(form):
            context["counted"] = replays.counted(webhook, since, until, form.types)
    return show_webhook(request, "console/webhook_replay.html", webhook, context, form=form)


@administrator_required
@require_POST
def replay_cancellation(request: HttpRequest, pk: UUID, replay_pk: UUID) -> HttpResponse:
    replays.cancel_replay(get_object_or_404(Replay.objects, pk=replay_pk, webhook=pk))
    messages.success(request, _("Cancelled: what was not sent yet is dropped."))
    return redirect("console:webhook", pk)
