"""Settings, Webhooks: the list, and the set-up of each."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required, may_write
from apps.accounts.recent import recent_authentication_required, recent_authentication_to_write
from apps.console.forms.people import ConfirmForm
from apps.console.forms.webhooks import WebhookForm
from apps.console.pages import refusals_on, show
from apps.console.webhook_page import mask_urls, show_webhook, webhook_chip, webhook_or_404
from apps.webhooks.actions import (
    MOST_SECRETS,
    add_secret,
    add_webhook,
    remove_secret,
    remove_webhook,
    update_webhook,
)
from apps.webhooks.errors import WebhookInvalid
from apps.webhooks.models import Webhook, WebhookSecret


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = [(webhook, webhook_chip(webhook)) for webhook in Webhook.objects.all()]
    return show(request, "console/webhooks.html", {"rows": rows})


@administrator_required
@recent_authentication_required
def new(request: HttpRequest) -> HttpResponse:
    """The answer to POST is the new webhook's page with the secret, this once: no redirect, because nobody could show it after one."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            webhook, secret = add_webhook(actor=actor_of(request), **form.cleaned_data)
            return _settings(request, webhook, WebhookForm.of(webhook), secret)
    return show(request, "console/webhook_new.html", {}, form=form)


@administrator_required
@recent_authentication_to_write
def settings(request: HttpRequest, pk: UUID) -> HttpResponse:
    webhook = webhook_or_404(pk)
    if not may_write(request):
        mask_urls(request, [webhook])
    form = WebhookForm.of(webhook, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            update_webhook(webhook, actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("The settings were saved."))
            return redirect("console:webhook_settings", pk)
    return _settings(request, webhook, form)


def _settings(request: HttpRequest, webhook: Webhook, form: WebhookForm, secret: str = "") -> HttpResponse:
    secrets = list(webhook.secrets.all())
    context: dict[str, Any] = {
        "secrets": secrets,
        "secret": secret,
        "may_add": len(secrets) < MOST_SECRETS,
        "may_end": len(secrets) > 1,
    }
    return show_webhook(request, "console/webhook_settings.html", webhook, context, form=form)


@administrator_required
@recent_authentication_required
@require_POST
def secrets(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A second one, shown in this answer."""
    webhook = webhook_or_404(pk)
    try:
        _row, secret = add_secret(webhook, actor=actor_of(request))
    except WebhookInvalid as error:
        messages.error(request, str(error.fields[""][0]))
        return redirect("console:webhook_settings", pk)
    return _settings(request, webhook, WebhookForm.of(webhook), secret)


@administrator_required
@recent_authentication_required
def secret_removal(request: HttpRequest, pk: UUID, secret_pk: UUID) -> HttpResponse:
    secret = get_object_or_404(WebhookSecret.objects.select_related("webhook"), pk=secret_pk, webhook=pk)
    back = reverse("console:webhook_settings", args=[pk])
    if request.method == "POST":
        try:
            remove_secret(secret, actor=actor_of(request))
        except WebhookInvalid as error:
            messages.error(request, str(error.fields[""][0]))
        else:
            messages.success(request, _("Nothing is signed with it any more."))
        return redirect(back)
    context = {
        "title": _("End the secret %(name)s?") % {"name": secret},
        "consequence": _("A receiver that still verifies with it refuses every delivery from now on."),
        "action": _("End secret"),
        "cancel_url": back,
        "breadcrumb_text": str(secret.webhook),
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())


@administrator_required
@recent_authentication_required
def removal(request: HttpRequest, pk: UUID) -> HttpResponse:
    webhook = webhook_or_404(pk)
    if request.method == "POST":
        remove_webhook(webhook, actor=actor_of(request))
        messages.success(request, _("%(name)s was removed.") % {"name": webhook})
        return redirect("console:webhooks")
    context = {
        "title": _("Delete %(name)s?") % {"name": webhook},
        "consequence": _(
            "Nothing is sent there any more, and what was sent can no longer be looked at here. The events stay in the log."
        ),
        "action": _("Delete webhook"),
        "cancel_url": reverse("console:webhook_settings", args=[pk]),
        "breadcrumb_text": str(webhook),
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())
