"""The event log: what it is asked, and what it tells."""

import datetime as dt
import json
import re
import zoneinfo
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from rest_framework import serializers

from apps.api.serializers.base import Strict
from apps.events.catalogue import Area
from apps.events.export import as_document
from apps.events.search import Cursor
from apps.events.types import EventType
from apps.lib.moments import in_utc

COUNTED = {
    "event_type": "type",
    "success": "success",
    "actor": "actor_name",
    "user": "target_name",
    "application": "application_name",
    "client_ip": "client_ip",
}
OFFSET = re.compile(r" (\d\d:?\d\d)$")
ADDED = re.compile(r"(?P<sign>[ +-])(?P<hours>[01]\d):?(?P<minutes>[0-5]\d)", re.ASCII)
UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


class EventSerializer(serializers.Serializer[Any]):
    """As the exports have it; the fields below are for the documentation of the API."""

    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    event_type = serializers.ChoiceField(choices=EventType.choices)
    service = serializers.CharField(help_text="directory, sso, idm, scim, api, console or notifications.")
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
    auth_method = serializers.CharField(
        help_text="session, api_key, token; of a sign-in password, password+totp, password+recovery_code, passkey."
    )
    correlation_id = serializers.CharField(
        help_text="One for a request and everything it caused, in applications as well; empty for what the portal did by itself."
    )
    reference = serializers.CharField(help_text="Short enough to read out on the telephone.")
    message_chain = serializers.DictField(help_text="The application's own words.")
    changes = serializers.ListField(child=serializers.DictField(), help_text="[{field, from, to}]")
    details = serializers.DictField()

    def to_representation(self, event: Any) -> dict[str, Any]:
        return as_document(event)


class EventListSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True, help_text="Always null.")
    search_after = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="For the next request, now or when there is more.",
    )
    results = EventSerializer(many=True)


class Moment(serializers.DateTimeField):
    """A “+” that was not escaped arrives as a space (application/x-www-form-urlencoded): 02:53:00+01:00."""

    def to_internal_value(self, value: Any) -> Any:
        return super().to_internal_value(OFFSET.sub(r"+\1", value) if isinstance(value, str) else value)


class Zone(serializers.CharField):
    """Europe/London, or what is to be added to UTC: -0500, +05:30."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        name = str(super().to_internal_value(data))  # untrimmed: a “+” may have arrived as a space
        if offset := ADDED.fullmatch(name):
            apart = dt.timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
            return dt.timezone(-apart if offset["sign"] == "-" else apart)
        if name not in zoneinfo.available_timezones():
            raise serializers.ValidationError("This is not an IANA time zone, such as Europe/London.")
        return zoneinfo.ZoneInfo(name)


class Named(serializers.CharField):
    """One of `known`, or several with commas between them."""

    known: type[TextChoices] = EventType
    called = "type"

    def to_internal_value(self, data: Any) -> Any:
        names = str(super().to_internal_value(data)).split(",")
        if unknown := [name for name in names if name not in self.known]:
            raise serializers.ValidationError(f"There is no {self.called} “{unknown[0]}”.")
        return names


class Services(Named):
    known = Area
    called = "service"


class SearchAfter(serializers.CharField):
    """`["2026-03-02T09:15:04.218123Z", "<id>"]`, as an answer had it: the list, or its text."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            moment, key = data if isinstance(data, list) else json.loads(super().to_internal_value(data))
            return Cursor(dt.datetime.fromisoformat(moment).astimezone(dt.UTC), UUID(key) if key else None)
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            raise serializers.ValidationError("Take it from “search_after” of an answer.") from None


def as_search_after(cursor: Cursor | None) -> list[str] | None:
    if cursor is None:
        return None
    return [in_utc(cursor.moment), str(cursor.id or "")]


class EventQuery(Strict):
    event_type = Named(required=False, help_text="One, or several with commas between them.")
    service = Services(required=False, help_text="One, or several with commas: all types of these services.")
    application = serializers.CharField(required=False, help_text="Id or name.")
    user = serializers.CharField(
        required=False, help_text="Id, username or e-mail: everything about this person."
    )
    group = serializers.CharField(
        required=False, help_text="Id or name: everything about this group, and who joined or left it."
    )
    actor = serializers.CharField(required=False, help_text="Id or name of whoever did it.")
    client_ip = serializers.CharField(required=False, help_text="The address it came from.")
    correlation_id = serializers.UUIDField(required=False, help_text="What one request caused, all of it.")
    success = serializers.BooleanField(required=False, allow_null=True, default=None)
    to = Moment(required=False, help_text="Before this moment (RFC 3339).")
    q = serializers.CharField(required=False, help_text="Words in names, addresses, errors or the reference.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a keyword of Python's."""
        since = Moment(required=False, help_text="At this moment or later (RFC 3339).")
        return super().get_fields() | {"from": since}


class EventListQuery(EventQuery):
    limit = serializers.IntegerField(default=50, min_value=1, max_value=1000)
    sort = serializers.ChoiceField(choices=["DESC", "ASC"], default="DESC", help_text="ASC: oldest first.")
    search_after = SearchAfter(
        required=False, help_text="Where to go on, as `search_after` of the last answer says."
    )


class ExportQuery(EventQuery):
    def get_fields(self) -> dict[str, Any]:
        return super().get_fields() | {
            "format": serializers.ChoiceField(choices=["csv", "jsonl"], default="csv")
        }


class DistinctQuery(EventQuery):
    field = serializers.ChoiceField(choices=list(COUNTED))


class IntervalQuery(EventQuery):
    interval_unit = serializers.ChoiceField(choices=list(UNITS), default="d", help_text="s, m, h, d or w.")
    timezone = Zone(
        default=dt.UTC, help_text="An IANA time zone, or an offset such as -0500: where a day begins."
    )


class BoundedSerializer(serializers.Serializer[Any]):
    complete = serializers.BooleanField(help_text="Whether this is of all lines; else there are older ones.")
    counted_from = serializers.DateTimeField(
        allow_null=True,
        help_text="Where it is not complete: of this moment and later. Go on with it as “to”.",
    )


class CountSerializer(BoundedSerializer):
    count = serializers.IntegerField()


class BucketSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    doc_count = serializers.IntegerField()


class DistinctSerializer(BoundedSerializer):
    """Of the lists only the one that is named as the field that was asked for."""

    def get_fields(self) -> dict[str, Any]:
        lists = {field: BucketSerializer(many=True, required=False) for field in COUNTED}
        return super().get_fields() | lists


class MomentSerializer(serializers.Serializer[Any]):
    key = serializers.IntegerField(help_text="Milliseconds since 1970.")
    key_as_string = serializers.DateTimeField(help_text="The same, in the time zone that was asked for.")
    doc_count = serializers.IntegerField()


class IntervalSerializer(BoundedSerializer):
    buckets = MomentSerializer(many=True)
