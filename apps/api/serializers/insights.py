"""The event log as JumpCloud's Directory Insights asks for it, and tells it: what its scripts send, and what they read."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from rest_framework import serializers

from apps.api.insight_terms import ACTOR_TYPES, TARGET_TYPES, TermRefused, search_parts
from apps.api.serializers.base import Strict
from apps.api.serializers.events import UNITS, BoundedSerializer, BucketSerializer, Moment, SearchAfter, Zone
from apps.events.catalogue import Area, service_of
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.moments import in_utc

ALL = "all"
VERSION = "1"
# The names under which values are counted, and the columns.
COUNTED = {
    "event_type": "type",
    "success": "success",
    "client_ip": "client_ip",
    "auth_method": "auth_method",
    "initiated_by.username": "actor_name",
    "resource.username": "target_name",
    "application.name": "application_name",
}


# --- What is asked


class Terms(serializers.JSONField):
    """As the parts of a Search."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return search_parts(super().to_internal_value(data))
        except TermRefused as refused:
            raise serializers.ValidationError(str(refused)) from None


class Question(Strict):
    service = serializers.ListField(
        child=serializers.ChoiceField(choices=[ALL, *Area.values]),
        allow_empty=False,
        help_text="Of which services; or all.",
    )
    start_time = Moment(help_text="At this moment or later (RFC 3339).")
    end_time = Moment(required=False, help_text="Before this moment (RFC 3339).")
    search_term = Terms(
        required=False,
        help_text="Fields with the values they have, and “and”, “or”, “not” with lists of such.",
    )
    q = serializers.CharField(
        required=False, allow_blank=True, help_text="Words in names, addresses, errors or the reference."
    )  # fmt: skip


class ListQuestion(Question):
    limit = serializers.IntegerField(default=1000, min_value=1, max_value=10_000)
    sort = serializers.ChoiceField(choices=["ASC", "DESC"], default="ASC", help_text="ASC: oldest first.")
    search_after = SearchAfter(
        required=False, help_text="Where to go on: the header X-Search_after of the last answer."
    )

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a property of serializers."""
        names = serializers.ListField(
            child=serializers.ChoiceField(choices=list(TOLD)),
            required=False,
            allow_empty=False,
            help_text="These alone.",
        )
        return super().get_fields() | {"fields": names}


class DistinctQuestion(Question):
    field = serializers.ChoiceField(choices=list(COUNTED))


class IntervalQuestion(Question):
    interval_unit = serializers.ChoiceField(choices=list(UNITS), default="d", help_text="s, m, h, d or w.")
    timezone = Zone(
        default=dt.UTC, help_text="An IANA time zone, or an offset such as -0500: where a day begins."
    )


# --- What is told


def _initiated_by(event: Event) -> dict[str, Any]:
    kind = ACTOR_TYPES.get(event.actor_kind, event.actor_kind)
    return _said({"type": kind, "id": event.actor_id, "username": event.actor_name})


def _resource(event: Event) -> dict[str, Any]:
    name = "username" if event.target_kind == "user" else "name"
    kind = TARGET_TYPES.get(event.target_kind, event.target_kind)
    return _said({"type": kind, "id": event.target_id, name: event.target_name})


def _application(event: Event) -> dict[str, Any]:
    key, name = event.application_id, event.application_name
    if not key and event.target_kind == "application":
        key, name = event.target_id, event.target_name
    return _said({"id": key, "name": name, "display_label": name})


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


TOLD: dict[str, Any] = {
    "id": lambda event: str(event.pk),
    "event_type": lambda event: event.type,
    "service": lambda event: service_of(event.type),
    "timestamp": lambda event: in_utc(event.created_at),
    "success": lambda event: event.success,
    "organization": lambda event: str(event.tenant_id),
    "initiated_by": _initiated_by,
    "resource": _resource,
    "application": _application,
    "client_ip": lambda event: event.client_ip,
    "useragent": lambda event: _said({"original": event.user_agent}),
    "auth_method": lambda event: event.auth_method,
    "error_message": lambda event: event.error_message,
    "message_chain": lambda event: event.message_chain,
    "changes": lambda event: event.changes,
    "correlation": lambda event: _said({"id": str(event.correlation_id or "")}),
    "idp_initiated": lambda event: event.details.get("idp_initiated"),
    "idm_client_id": lambda event: event.details.get("idm_client_id"),
    "details": lambda event: event.details,
    "@version": lambda event: VERSION,
}


def as_insight(event: Event, names: Collection[str] = TOLD) -> dict[str, Any]:
    """What says nothing is left out."""
    told = {name: TOLD[name](event) for name in TOLD if name in names}
    return {name: value for name, value in told.items() if value not in ("", None, {}, [])}


class InsightSerializer(serializers.Serializer[Any]):
    """For the API's description; what says nothing is left out."""

    id = serializers.UUIDField()
    event_type = serializers.ChoiceField(choices=EventType.choices)
    service = serializers.CharField()
    timestamp = serializers.DateTimeField()
    success = serializers.BooleanField()
    organization = serializers.UUIDField()
    initiated_by = serializers.DictField(
        help_text="type, id, username; the type of an administrator is admin."
    )
    resource = serializers.DictField(help_text="type, id, and username of a person, else name.")
    application = serializers.DictField(help_text="id, name, display_label.")
    client_ip = serializers.CharField()
    useragent = serializers.DictField(help_text="original: as the browser or program says it.")
    auth_method = serializers.CharField()
    error_message = serializers.CharField()
    message_chain = serializers.DictField(help_text="response_code, response_message, message_details.")
    changes = serializers.ListField(child=serializers.DictField(), help_text="[{field, from, to}]")
    correlation = serializers.DictField(help_text="id: one for all that a request caused.")
    idp_initiated = serializers.BooleanField()
    idm_client_id = serializers.CharField()
    details = serializers.DictField()

    def get_fields(self) -> dict[str, Any]:
        """Not an attribute's name."""
        return super().get_fields() | {"@version": serializers.CharField()}


class DistinctInsightSerializer(BoundedSerializer):
    """Of the lists only the one that is named as the field that was asked for."""

    def get_fields(self) -> dict[str, Any]:
        lists = {field: BucketSerializer(many=True, required=False) for field in COUNTED}
        return super().get_fields() | lists
