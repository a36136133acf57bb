"""What became of each event on its way to an endpoint, and sending a range of them once more."""

from uuid import UUID

from django.db.models import prefetch_related_objects
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Strict
from apps.api.serializers.webhooks import (
    DeliveryQuery,
    DeliverySerializer,
    DeliveryWithAttemptsSerializer,
    RangeSerializer,
    ReplayCountSerializer,
    ReplaySerializer,
    ReplayToCreate,
)
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.api.views.events import how_far
from apps.api.views.webhooks import Masking
from apps.webhooks.actions import retry_delivery
from apps.webhooks.masking import without_query
from apps.webhooks.models import Delivery, Replay, Webhook
from apps.webhooks.replays import cancel_replay, counted, start_replay


class WebhookDeliveries(ListView):
    ordering = ("-created_at", "-pk")

    @extend_schema(parameters=[DeliveryQuery], responses=DeliverySerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """The newest first: what waits, and what was sent of late. Beyond the next hundred, what is owed is in the log alone."""
        webhook = by_id(Webhook, pk)
        wanted = self.query(DeliveryQuery)
        return self.page(Delivery.objects.filter(webhook=webhook, **wanted), DeliverySerializer)


class OneWebhookDelivery(Masking):
    @extend_schema(responses=DeliveryWithAttemptsSerializer)
    def get(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        row = delivery_at(pk, delivery)
        prefetch_related_objects([row], "tries")
        for attempt in row.tries.all():
            attempt.url = without_query(attempt.url)  # those of before have it still
        self.mask(list(row.tries.all()))
        return Response(DeliveryWithAttemptsSerializer(row).data)


class WebhookDeliveryRetries(ApiView):
    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        """At once; one that is over is sent once more."""
        row = delivery_at(pk, delivery)
        self.read(Strict)
        return Response(DeliverySerializer(retry_delivery(row)).data, status=202)


def delivery_at(pk: UUID, delivery: UUID) -> Delivery:
    row: Delivery = found(Delivery.objects.select_related("webhook"), webhook=pk, pk=delivery)
    return row


class WebhookReplays(ListView):
    @extend_schema(responses=ReplaySerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        webhook = by_id(Webhook, pk)
        self.query(Strict)
        return self.page(webhook.replays.all(), ReplaySerializer)

    @extend_schema(request=ReplayToCreate, responses={202: ReplaySerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """In their order, behind what waits already. `…/replays/count/` says before how many there are."""
        webhook = by_id(Webhook, pk)
        told = self.read(ReplayToCreate)
        replay = start_replay(
            webhook, actor=self.actor, since=told["from"], until=told["to"], event_types=told["event_types"]
        )
        return Response(ReplaySerializer(replay).data, status=202)


class WebhookReplayCount(ApiView):
    @extend_schema(parameters=[RangeSerializer], responses=ReplayCountSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """How many events a replay of this range would send; bounded as `events/count/` is."""
        webhook = by_id(Webhook, pk)
        told = self.query(RangeSerializer)
        found = counted(webhook, told["from"], told["to"], [])
        return Response({"count": found.total} | how_far(found))


class OneWebhookReplay(ApiView):
    @extend_schema(responses=ReplaySerializer)
    def get(self, request: Request, pk: UUID, replay: UUID) -> Response:
        return Response(ReplaySerializer(replay_at(pk, replay)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, replay: UUID) -> Response:
        """Cancels it: what waits of it is dropped."""
        cancel_replay(replay_at(pk, replay))
        return Response(status=204)


def replay_at(pk: UUID, replay: UUID) -> Replay:
    row: Replay = found(Replay.objects.all(), webhook=pk, pk=replay)
    return row
