"""Webhooks: where events are sent, their secrets, and a test."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import WRITERS
from apps.api.serializers.base import Strict
from apps.api.serializers.webhooks import (
    DeliveryWithAttemptsSerializer,
    NewSecretSerializer,
    NewWebhookSerializer,
    ResumptionSerializer,
    SecretSerializer,
    WebhookSerializer,
    WebhookToChange,
    WebhookToCreate,
)
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.webhooks.actions import (
    add_secret,
    add_webhook,
    remove_secret,
    remove_webhook,
    resume_webhook,
    update_webhook,
)
from apps.webhooks.masking import without_path
from apps.webhooks.models import Webhook, WebhookSecret
from apps.webhooks.trying import send_test


class Masking(ApiView):
    """Whoever may not change a URL has no use for what is secret in it."""

    def mask(self, rows: list[Any]) -> None:
        """For showing alone."""
        if self.request.auth.owner.role not in WRITERS:  # type: ignore[union-attr]
            for row in rows:
                row.url = without_path(row.url)


class Webhooks(Masking, ListView):
    @extend_schema(responses=WebhookSerializer(many=True))
    def get(self, request: Request) -> Response:
        self.query(Strict)
        return self.page(Webhook.objects.all(), WebhookSerializer, prepare=self.mask)

    @extend_schema(request=WebhookToCreate, responses={201: NewWebhookSerializer})
    def post(self, request: Request) -> Response:
        """It is sent what happens from now on. The secret is in this answer and nowhere else."""
        webhook, secret = add_webhook(actor=self.actor, **self.read(WebhookToCreate))
        document = WebhookSerializer(webhook).data | {"secret": secret}
        return self.created(document, "webhook", pk=webhook.pk)


class OneWebhook(Masking, ApiView):
    @extend_schema(responses=WebhookSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        webhook = by_id(Webhook, pk)
        self.mask([webhook])
        return Response(WebhookSerializer(webhook).data)

    @extend_schema(request=WebhookToChange, responses=WebhookSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        """`active` false holds what is owed, true lets it go on."""
        webhook = by_id(Webhook, pk)
        webhook = update_webhook(webhook, actor=self.actor, **self.read(WebhookToChange))
        return Response(WebhookSerializer(webhook).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """What it is still owed is never sent."""
        remove_webhook(by_id(Webhook, pk), actor=self.actor)
        return Response(status=204)


class WebhookResumption(ApiView):
    @extend_schema(request=ResumptionSerializer, responses=WebhookSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Of a quarantine or a pause: now, not at the next look."""
        webhook: Any = by_id(Webhook, pk)
        webhook = resume_webhook(webhook, actor=self.actor, **self.read(ResumptionSerializer))
        return Response(WebhookSerializer(webhook).data)


class WebhookSecrets(ListView):
    @extend_schema(responses=SecretSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        webhook = by_id(Webhook, pk)
        self.query(Strict)
        return self.page(webhook.secrets.all(), SecretSerializer)

    @extend_schema(request=None, responses={201: NewSecretSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """A second one: both sign until one is ended."""
        webhook = by_id(Webhook, pk)
        self.read(Strict)
        row, secret = add_secret(webhook, actor=self.actor)
        document = SecretSerializer(row).data | {"secret": secret}
        return self.created(document, "webhook-secret", pk=pk, secret=row.pk)


class OneWebhookSecret(ApiView):
    @extend_schema(responses=SecretSerializer)
    def get(self, request: Request, pk: UUID, secret: UUID) -> Response:
        return Response(SecretSerializer(secret_at(pk, secret)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, secret: UUID) -> Response:
        """Nothing is signed with it any more. The last one stays."""
        remove_secret(secret_at(pk, secret), actor=self.actor)
        return Response(status=204)


def secret_at(pk: UUID, secret: UUID) -> WebhookSecret:
    row: WebhookSecret = found(WebhookSecret.objects.select_related("webhook"), webhook=pk, pk=secret)
    return row


class WebhookTests(ApiView):
    @extend_schema(request=None, responses={201: DeliveryWithAttemptsSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """One event of the type webhook_test, sent now; the answer says what was sent and what came back."""
        webhook = by_id(Webhook, pk)
        self.read(Strict)
        delivery = send_test(webhook, actor=self.actor)
        document = DeliveryWithAttemptsSerializer(delivery).data
        return self.created(document, "webhook-delivery", pk=pk, delivery=delivery.pk)
