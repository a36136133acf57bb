"""The event log: what it is asked, and what it tells."""

import re
import zoneinfo
from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import Strict
from apps.events.export import as_document
from apps.events.types import EventType

COUNTED = {
    "event_type": "type",
    "success": "success",
    "actor": "actor_name",
    "user": "target_name",
    "application": "application_name",
    "client_ip": "client_ip",
}
OFFSET = re.compile(r" (\d\d:?\d\d)$")
UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}


class EventSerializer(serializers.Serializer[Any]):
    """As the exports have it; the fields below are for the documentation of the API."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    event_type = serializers.ChoiceField(choices=EventType.choices)
    success = serializers.BooleanField()
    actor_kind = serializers.CharField()
    actor_id = serializers.CharField()
    actor_name = serializers.CharField()
    target_kind = serializers.CharField()
    target_id = serializers.CharField()
    target_name = serializers.CharField()
    application_id = serializers.CharField()
    application_name = serializers.CharField()
    client_ip = serializers.CharField()
    user_agent = serializers.CharField()
    error_message = serializers.CharField()
    reference = serializers.CharField(help_text="Short enough to read out on the telephone.")
    message_chain = serializers.DictField(help_text="The application's own words.")
    changes = serializers.ListField(child=serializers.DictField(), help_text="[{field, from, to}]")
    details = serializers.DictField()

    def to_representation(self, event: Any) -> dict[str, Any]:
        return as_document(event)


class Moment(serializers.DateTimeField):
    """A “+” that was not escaped arrives as a space (application/x-www-form-urlencoded): 02:53:00+01:00."""

    def to_internal_value(self, value: Any) -> Any:
        return super().to_internal_value(OFFSET.sub(r"+\1", value) if isinstance(value, str) else value)


class EventQuery(Strict):
    event_type = serializers.ChoiceField(choices=EventType.choices, required=False)
    application = serializers.CharField(required=False, help_text="Id or name.")
    user = serializers.CharField(
        required=False, help_text="Id, user name or e-mail: everything about this person."
    )
    actor = serializers.CharField(required=False, help_text="Id or name of whoever did it.")
    success = serializers.BooleanField(required=False, allow_null=True, default=None)
    to = Moment(required=False, help_text="Before this moment (RFC 3339).")
    q = serializers.CharField(required=False, help_text="Words in names, addresses, errors or the reference.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a keyword of Python's."""
        since = Moment(required=False, help_text="At this moment or later (RFC 3339).")
        return super().get_fields() | {"from": since}


class ExportQuery(EventQuery):
    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {
            "format": serializers.ChoiceField(choices=["csv", "jsonl"], default="csv")
        }


class DistinctQuery(EventQuery):
    field = serializers.ChoiceField(choices=list(COUNTED))


class IntervalQuery(EventQuery):
    interval_unit = serializers.ChoiceField(choices=list(UNITS), default="d", help_text="m, h, d or w.")
    timezone = serializers.CharField(default="UTC", help_text="An IANA time zone: where a day begins.")

    def validate_timezone(self, name: str) -> Any:
        if name not in zoneinfo.available_timezones():
            raise serializers.ValidationError("This is not an IANA time zone, such as Europe/London.")
        return zoneinfo.ZoneInfo(name)


class CountSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class BucketSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    doc_count = serializers.IntegerField()


class DistinctSerializer(serializers.Serializer[Any]):
    """Only the member that is named as the field that was asked for."""

    def get_fields(self) -> dict[str, Any]:
        return {field: BucketSerializer(many=True, required=False) for field in COUNTED}


class MomentSerializer(serializers.Serializer[Any]):
    key = serializers.IntegerField(help_text="Milliseconds since 1970.")
    key_as_string = serializers.DateTimeField(help_text="The same, in the time zone that was asked for.")
    doc_count = serializers.IntegerField()


class IntervalSerializer(serializers.Serializer[Any]):
    buckets = MomentSerializer(many=True)
