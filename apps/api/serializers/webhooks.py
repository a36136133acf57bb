"""Webhooks: where events are sent, and what became of each. A secret stands in the answer to POST and nowhere else."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import Strict
from apps.api.serializers.events import BoundedSerializer
from apps.events.types import EventType
from apps.webhooks.models import (
    DeliveryKind,
    DeliveryState,
    Outcome,
    PauseReason,
    QuarantineReason,
    ReplayState,
    WebhookState,
)
from apps.webhooks.selection import GROUPS


class WebhookSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    url = serializers.CharField()
    event_types = serializers.ListField(
        child=serializers.CharField(), help_text="With the groups, what is sent; both empty: everything."
    )
    event_groups = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField(source="is_active")
    state = serializers.ChoiceField(choices=WebhookState.choices)
    pause_reason = serializers.ChoiceField(choices=PauseReason.choices, allow_blank=True)
    quarantine_reason = serializers.ChoiceField(choices=QuarantineReason.choices, allow_blank=True)
    last_problem = serializers.CharField()
    next_at = serializers.DateTimeField(
        source="not_before", allow_null=True, help_text="Nothing is sent before: a wait after a failure."
    )
    last_success_at = serializers.DateTimeField(allow_null=True)
    archived = serializers.IntegerField(
        help_text="Events that were owed and went to the event archive before they were sent: they are not sent any more."
    )
    archived_until = serializers.DateTimeField(
        allow_null=True, help_text="When the archive ends that had the last of them."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="What deliveries are signed with, this once: whsec_…")


class WebhookToChange(Strict):
    name = serializers.CharField(max_length=120, required=False)
    url = serializers.CharField(max_length=2000, required=False)
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.choices), required=False
    )
    event_groups = serializers.ListField(
        child=serializers.ChoiceField(choices=[(name, group.label) for name, group in GROUPS.items()]),
        required=False,
    )
    active = serializers.BooleanField(required=False)


class WebhookToCreate(WebhookToChange):
    name = serializers.CharField(max_length=120)
    url = serializers.CharField(max_length=2000)


class SecretSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    hint = serializers.CharField(help_text="Its last four characters.")
    created_at = serializers.DateTimeField()


class NewSecretSerializer(SecretSerializer):
    secret = serializers.CharField(help_text="The secret itself, this once.")


class ResumptionSerializer(Strict):
    skip = serializers.BooleanField(default=False, help_text="Drop what waits: only what comes is sent.")


class DeliveryQuery(Strict):
    state = serializers.ChoiceField(choices=DeliveryState.choices, required=False)
    kind = serializers.ChoiceField(choices=DeliveryKind.choices, required=False)
    event_type = serializers.ChoiceField(choices=EventType.choices, required=False)


class DeliverySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=DeliveryKind.choices)
    event = serializers.UUIDField(source="event_id", help_text="What webhook-id says.")
    event_type = serializers.CharField()
    event_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    attempts = serializers.IntegerField(help_text="In a row without success.")
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    replay = serializers.UUIDField(source="replay_id", allow_null=True)
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class DeliveryAttemptSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    url = serializers.CharField()
    sent_at = serializers.DateTimeField()
    seconds = serializers.FloatField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()
    answer = serializers.CharField(help_text="Its beginning.")


class DeliveryWithAttemptsSerializer(DeliverySerializer):
    body = serializers.CharField(help_text="What is signed and sent.")
    tries = DeliveryAttemptSerializer(many=True, source="tries.all")


class RangeSerializer(Strict):
    """`from` is a keyword of Python's."""

    to = serializers.DateTimeField(help_text="Before this moment (RFC 3339).")

    def get_fields(self) -> dict[str, Any]:
        since = serializers.DateTimeField(help_text="At this moment or later (RFC 3339).")
        return super().get_fields() | {"from": since}


class ReplayCountSerializer(BoundedSerializer):
    count = serializers.IntegerField()


class ReplayToCreate(RangeSerializer):
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.choices),
        default=list,
        help_text="None: what the webhook is sent now.",
    )


class ReplaySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=ReplayState.choices)
    to = serializers.DateTimeField(source="until")
    event_types = serializers.ListField(child=serializers.CharField())
    total = serializers.IntegerField(help_text="Events that are sent again.")
    delivered = serializers.IntegerField()
    failed = serializers.IntegerField()
    archived = serializers.IntegerField(
        help_text="That went to the event archive before they were sent again: they are not."
    )
    actor_name = serializers.CharField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {"from": serializers.DateTimeField(source="since")}
