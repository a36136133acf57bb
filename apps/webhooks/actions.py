"""Webhooks and their secrets: made, changed, ended. Each is one transaction with its event, which never holds a secret or the URL's path."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.actions import changes_between, record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib import addresses
from apps.lib.errors import TargetRefused
from apps.tenants.context import current_tenant_id
from apps.tenants.models import Tenant
from apps.webhooks import doorbell, feed, health, queue, tasks
from apps.webhooks.errors import WebhookInvalid
from apps.webhooks.masking import origin_of
from apps.webhooks.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    PauseReason,
    Webhook,
    WebhookSecret,
    WebhookState,
)
from apps.webhooks.selection import GROUPS
from apps.webhooks.signing import new_secret

MOST_WEBHOOKS = 50
MOST_SECRETS = 2
LONGEST_URL = 2000


@transaction.atomic
def add_webhook(*, actor: Actor, active: bool = True, **fields: Any) -> tuple[Webhook, str]:
    """The row, and its first secret, which is never to be had again. It is owed what happens from now on. Raises WebhookInvalid."""
    # One at a time: two that count at the same moment would both find the last place free.
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    if Webhook.objects.count() >= MOST_WEBHOOKS:
        raise WebhookInvalid({"name": [_("There are %(most)s webhooks already.") % {"most": MOST_WEBHOOKS}]})
    webhook = Webhook(cursor=feed.latest())
    _fill(webhook, fields)
    if not active:
        webhook.state, webhook.pause_reason = WebhookState.PAUSED, PauseReason.REQUEST
    webhook.save(force_insert=True)
    secret = _make_secret(webhook)
    doorbell.look_again_on_commit()
    record(
        EventType.WEBHOOK_CREATE,
        actor=actor,
        target=Target.of("webhook", webhook),
        changes=changes_between({}, _snapshot(webhook)),
    )
    return webhook, secret


@transaction.atomic
def update_webhook(webhook: Webhook, *, actor: Actor, active: bool | None = None, **fields: Any) -> Webhook:
    """Raises WebhookInvalid. `active` False holds what is owed, True lets it go on."""
    webhook = _locked(webhook)
    before, url, wanted = _snapshot(webhook), webhook.url, webhook.wanted
    _fill(webhook, fields)
    if active is not None and active != webhook.is_active:
        webhook.state = WebhookState.ACTIVE if active else WebhookState.PAUSED
        webhook.pause_reason = "" if active else PauseReason.REQUEST
        webhook.quarantine_reason = ""
        health.forgive(webhook)
    changes = changes_between(before, _snapshot(webhook))
    if webhook.url != url:
        health.forgive(webhook)  # what was wrong with the old one says nothing about this one
        if not any(change["field"] == "url" for change in changes):
            changes.append({"field": "url", "from": origin_of(url), "to": origin_of(webhook.url)})
    if changes:
        webhook.save()
        if webhook.wanted != wanted:
            queue.drop_unwanted(webhook)
        doorbell.look_again_on_commit()
        record(EventType.WEBHOOK_UPDATE, actor=actor, target=Target.of("webhook", webhook), changes=changes)
        tasks.ring_on_commit(webhook.pk)
    return webhook


@transaction.atomic
def remove_webhook(webhook: Webhook, *, actor: Actor) -> None:
    """What it is still owed is never sent."""
    webhook = _locked(webhook)
    record(EventType.WEBHOOK_DELETE, actor=actor, target=Target.of("webhook", webhook))
    webhook.delete()
    doorbell.look_again_on_commit()


@transaction.atomic
def resume_webhook(webhook: Webhook, *, actor: Actor, skip: bool = False) -> Webhook:
    """Of a quarantine or a pause: at once, not at the next look. `skip`: what is owed is dropped. Raises WebhookInvalid."""
    webhook = _locked(webhook)
    if webhook.state == WebhookState.ACTIVE and not skip:
        raise WebhookInvalid({"": [_("It is active already.")]})
    if skip:
        queue.skip(webhook)
        webhook.save(update_fields=["cursor", "owed_since"])
    health.resume(webhook, actor=actor)
    tasks.ring_on_commit(webhook.pk)
    return webhook


@transaction.atomic
def add_secret(webhook: Webhook, *, actor: Actor) -> tuple[WebhookSecret, str]:
    """A second one beside the first; both sign until one is ended. Raises WebhookInvalid."""
    webhook = _locked(webhook)
    if webhook.secrets.count() >= MOST_SECRETS:
        raise WebhookInvalid({"": [_("Two secrets are in use. End one of them first.")]})
    secret = _make_secret(webhook)
    row = webhook.secrets.latest("created_at")
    record(
        EventType.WEBHOOK_SECRET_CREATE,
        actor=actor,
        target=Target.of("webhook", webhook),
        details={"secret": str(row)},
    )
    return row, secret


@transaction.atomic
def remove_secret(secret: WebhookSecret, *, actor: Actor) -> None:
    """Nothing is signed with it any more. Raises WebhookInvalid for the last one."""
    webhook = _locked(secret.webhook)
    if webhook.secrets.count() == 1:
        raise WebhookInvalid({"": [_("It is the only one. Make its successor first.")]})
    if webhook.secrets.filter(pk=secret.pk).delete()[0]:
        record(
            EventType.WEBHOOK_SECRET_DELETE,
            actor=actor,
            target=Target.of("webhook", webhook),
            details={"secret": str(secret)},
        )


@transaction.atomic
def retry_delivery(delivery: Delivery) -> Delivery:
    """At once: one that waits, or, once more, one that is over. It takes the place it had. Raises WebhookInvalid for a test."""
    webhook = _locked(delivery.webhook)
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    if delivery.kind == DeliveryKind.TEST:
        raise WebhookInvalid({"": [_("A test is not sent again. Send another one.")]})
    if delivery.state != DeliveryState.PENDING:
        delivery.state, delivery.attempts, delivery.refusals = DeliveryState.PENDING, 0, 0
        delivery.ended_at = delivery.replay = None
        delivery.save(update_fields=["state", "attempts", "refusals", "ended_at", "replay"])
    webhook.not_before = None
    webhook.save(update_fields=["not_before"])
    tasks.ring_on_commit(webhook.pk)
    return delivery


def _locked(webhook: Webhook) -> Webhook:
    found: Webhook = Webhook.objects.select_for_update().get(pk=webhook.pk)
    return found


def _make_secret(webhook: Webhook) -> str:
    secret = new_secret()
    row = WebhookSecret(webhook=webhook, hint=secret.rstrip("=")[-4:])
    row.take_tenant()  # the seal is bound to it
    row.secret = secret
    row.save(force_insert=True)
    return secret


def _fill(webhook: Webhook, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(webhook, name, value.strip() if isinstance(value, str) else value)
    errors: dict[str, list[str]] = {}
    for field, chosen, known in (
        ("event_types", webhook.event_types, EventType.values),
        ("event_groups", webhook.event_groups, GROUPS),
    ):
        if unknown := sorted(set(chosen) - set(known)):
            errors[field] = [_("There is no such type: %(names)s.") % {"names": ", ".join(unknown)}]
        setattr(webhook, field, [each for each in known if each in chosen])
    if problem := _url_problem(webhook.url):
        errors["url"] = [problem]
    try:
        webhook.clean_fields(exclude={"tenant", "url", "event_types", "event_groups"})
    except ValidationError as error:
        errors |= error.message_dict
    if errors:
        raise WebhookInvalid(errors)


def _url_problem(url: str) -> str:
    """ "" for one that may be called: https on the public internet, or what the operator allows (OUTBOUND_ALLOW)."""
    if not url:
        return _("Enter the URL of the endpoint.")
    if len(url) > LONGEST_URL:
        return _("The address is too long.")
    if "#" in url:
        return _("Leave out everything from # on: it is never sent.")
    try:
        addresses.permit(url)
    except TargetRefused as error:
        return error.detail
    return ""


def _snapshot(webhook: Webhook) -> dict[str, Any]:
    """Paths and queries of such URLs often are secrets themselves: the log gets the origin."""
    return {
        "name": webhook.name,
        "url": origin_of(webhook.url),
        "event_types": webhook.event_types,
        "event_groups": webhook.event_groups,
        "active": webhook.is_active,
    }
