"""What every page of one webhook shares: its frame, its tabs, how it is doing."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access import may_write
from apps.console.chips import Chip
from apps.console.pages import Tab, show
from apps.webhooks import queue
from apps.webhooks.masking import without_path, without_query
from apps.webhooks.models import Webhook, WebhookState


def webhook_or_404(pk: UUID) -> Webhook:
    webhook: Webhook = get_object_or_404(Webhook.objects, pk=pk)
    return webhook


def mask_urls(request: HttpRequest, rows: Iterable[Any]) -> None:
    """Of webhooks or attempts, for showing alone. Whoever may not change a URL has no use for what is secret in it."""
    for row in rows:
        row.url = without_query(row.url) if may_write(request) else without_path(row.url)


def webhook_chip(webhook: Webhook) -> Chip:
    if webhook.state == WebhookState.PAUSED:
        return Chip("paused", _("Paused"))
    if webhook.state == WebhookState.QUARANTINED:
        return Chip("failing", _("Quarantined"))
    if webhook.failures:
        return Chip("pending", _("Trying again"))
    return Chip("active", "")


def show_webhook(
    request: HttpRequest, template: str, webhook: Webhook, context: dict[str, Any], **options: Any
) -> HttpResponse:
    keys = [webhook.pk]
    waiting = queue.waiting(webhook).count()
    tabs = [
        Tab(
            reverse("console:webhook", args=keys),
            _("Deliveries"),
            waiting,
            bad=webhook.failures > 0,
            exact=True,
        ),
        Tab(reverse("console:webhook_settings", args=keys), _("Settings")),
    ]
    frame = {"webhook": webhook, "chip": webhook_chip(webhook), "tabs": tabs, "waiting": waiting}
    return show(request, template, frame | context, **options)
