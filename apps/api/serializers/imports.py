"""Manual import: how far it is, and one row for each account of the application."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import Reference, Strict
from apps.provisioning.imports.export import FORMATS
from apps.provisioning.models import ImportState, RowState


class ImportSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=ImportState.choices)
    read = serializers.IntegerField(help_text="Accounts read so far.")
    total = serializers.IntegerField(
        help_text="As many as the application says that it has.", source="expected"
    )
    selected = serializers.IntegerField(help_text="Of the latest selection, like the three that follow.")
    created = serializers.IntegerField(help_text="New people here.")
    linked = serializers.IntegerField(help_text="People who were here already.")
    refused = serializers.IntegerField(help_text="Each row says why.")
    problem = serializers.CharField(help_text="Why it stopped, or what is missing.")
    not_before = serializers.DateTimeField(
        allow_null=True, help_text="A pause that the application asked for."
    )
    read_at = serializers.DateTimeField(allow_null=True)
    imported_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ImportRowSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    remote_id = serializers.CharField()
    user_name = serializers.CharField()
    email = serializers.CharField()
    name = serializers.CharField()
    active = serializers.BooleanField(allow_null=True, help_text="null: the application does not say.")
    state = serializers.ChoiceField(choices=RowState.choices)
    problem = serializers.CharField(help_text="Why it was not, or cannot be, imported.")
    user = Reference(allow_null=True, help_text="Who has the account.")
    match = Reference(allow_null=True, help_text="Who has its e-mail address, and would be linked to it.")


class ImportRowQuery(Strict):
    state = serializers.ChoiceField(choices=RowState.choices, required=False)
    q = serializers.CharField(max_length=200, required=False, help_text="In names and e-mail addresses.")


class ImportExportQuery(ImportRowQuery):
    format = serializers.ChoiceField(choices=list(FORMATS), default="csv")


class Selection(Strict):
    rows = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=1000, help_text="Ids of rows that are new."
    )
    all = serializers.BooleanField(default=False, help_text="Everybody who is new and has no problem.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("rows")) == attrs["all"]:
            raise serializers.ValidationError({"rows": ["Name rows, or say “all”: one of the two."]})
        return attrs
