"""What became of those who left, who can reach an application and why, and an organisation's week: as the console has them."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import Strict
from apps.insights.access_export import FORMATS
from apps.insights.access_report import Access, as_document
from apps.insights.receipts import BEGINS, Receipt, State, Told
from apps.insights.week import Line
from apps.lib.language import for_the_record


class ReceiptQuery(Strict):
    user = serializers.UUIDField(required=False, help_text="The id of who left.")
    q = serializers.CharField(
        required=False, max_length=200, help_text="Part of the name that they had then."
    )


class ToldSerializer(serializers.Serializer[Any]):
    application = serializers.CharField()
    application_id = serializers.CharField()
    state = serializers.ChoiceField(choices=State.choices)
    words = serializers.CharField(help_text="What the application answered, or why it is not told yet.")
    at = serializers.DateTimeField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True, help_text="From the moment they left.")
    job = serializers.UUIDField(allow_null=True, help_text="What is owed, where something is.")


class ReceiptSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Of the event that it begins with.")
    event_type = serializers.ChoiceField(choices=[(str(each), each.label) for each in BEGINS])
    left_at = serializers.DateTimeField()
    user_id = serializers.CharField()
    user_name = serializers.CharField(help_text="As they were called then.")
    actor_name = serializers.CharField()
    sessions_ended = serializers.IntegerField(
        allow_null=True, help_text="null for what happened before sessions were counted."
    )
    complete = serializers.BooleanField(help_text="Nothing is outstanding.")
    in_time = serializers.BooleanField(help_text="Everything was done within 60 seconds.")
    seconds = serializers.FloatField(
        allow_null=True, help_text="Until the last application was told; null while one is not."
    )
    returned_at = serializers.DateTimeField(allow_null=True, help_text="When they were reactivated.")
    applications = ToldSerializer(many=True)


def receipt_document(receipt: Receipt) -> Any:
    """The fields of ReceiptSerializer."""
    event = receipt.event
    return ReceiptSerializer(
        {
            "id": event.pk,
            "event_type": event.type,
            "left_at": event.created_at,
            "user_id": event.target_id,
            "user_name": event.target_name,
            "actor_name": event.actor_name,
            "sessions_ended": receipt.sessions,
            "complete": not receipt.outstanding,
            "in_time": receipt.in_time,
            "seconds": receipt.took.total_seconds() if receipt.took is not None else None,
            "returned_at": receipt.returned_at,
            "applications": [_told(each) for each in receipt.told],
        }
    ).data


def _told(told: Told) -> dict[str, Any]:
    return {
        "application": told.application,
        "application_id": told.application_id,
        "state": told.state,
        "words": told.words,
        "at": told.at,
        "seconds": told.after.total_seconds() if told.after is not None else None,
        "job": told.job_id,
    }


class AccessQuery(Strict):
    q = serializers.CharField(required=False, max_length=200, help_text="Part of a name or e-mail address.")


class AccessExportQuery(Strict):
    format = serializers.ChoiceField(choices=list(FORMATS), default="csv")


class AccessSerializer(serializers.Serializer[Any]):
    """As the file has it; the fields below are for the documentation of the API."""

    application = serializers.CharField()
    application_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    username = serializers.CharField()
    email = serializers.CharField()
    name = serializers.CharField()
    user_groups = serializers.ListField(
        child=serializers.CharField(), help_text="Theirs that are bound to the application."
    )
    since = serializers.DateTimeField(
        allow_null=True, help_text="Since when the first of these opens it to them."
    )
    can_sign_on = serializers.BooleanField()
    obstacle = serializers.CharField(help_text="Why they cannot, where they cannot.")
    account = serializers.CharField(help_text="active or inactive in the application; empty without one.")
    last_sign_on = serializers.DateTimeField(
        allow_null=True, help_text="The last one that the event log still has."
    )

    def to_representation(self, instance: Access) -> dict[str, Any]:
        return as_document(instance)


class LineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="For programs: a type of event, or what waits.")
    success = serializers.BooleanField(allow_null=True, help_text="Of events alone.")
    count = serializers.IntegerField()
    text = serializers.SerializerMethodField(help_text="As the mail says it.")

    def get_text(self, line: Line) -> str:
        with for_the_record():
            return line.text


class WeekSerializer(serializers.Serializer[Any]):
    """`from` is a keyword of Python's."""

    to = serializers.DateTimeField(help_text="Monday, midnight where the organisation is.")
    happened = LineSerializer(many=True)
    waiting = LineSerializer(many=True, help_text="Now.")

    def get_fields(self) -> dict[str, Any]:
        since = serializers.DateTimeField(help_text="The Monday before.", source="since")
        return {"from": since} | super().get_fields()
