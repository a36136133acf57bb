"""What is told about people under which SCIM path, and a person's values beside it."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import IdOf, Strict
from apps.directory.models import User


class MappingRowToSet(Strict):
    scim = serializers.CharField(
        max_length=200, help_text='A path, such as title or emails[type eq "work"].value.'
    )
    source = serializers.CharField(  # type: ignore[assignment]  # DRF has one of its own
        max_length=20, required=False, allow_blank=True, default="", help_text="A field of the person."
    )
    constant = serializers.CharField(
        max_length=256, required=False, allow_blank=True, default="", help_text="Instead: the same for all."
    )
    enabled = serializers.BooleanField(required=False, default=True)


class MappingToSet(Strict):
    attributes = MappingRowToSet(many=True, help_text="The whole table: what is left out is not sent.")
    renaming = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Yes, accounts that are there may get another userName or externalId.",
    )


class MappingQuery(Strict):
    user = IdOf(User, required=False)


class MappingRowSerializer(serializers.Serializer[Any]):
    scim = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="A field of the person; empty for a constant."
    )
    constant = serializers.CharField()
    enabled = serializers.BooleanField()
    application_value = serializers.CharField(
        help_text="The application's own word; empty for a row of yours."
    )
    required = serializers.BooleanField(help_text="It has to be sent.")  # type: ignore[assignment]
    fixed = serializers.BooleanField(help_text="It follows from something else and cannot be mapped.")
    changed = serializers.BooleanField(help_text="It is not as the connector has it.")
    value = serializers.CharField(allow_null=True, help_text="Of the user asked for; null without one.")


class MappingSerializer(serializers.Serializer[Any]):
    attributes = MappingRowSerializer(many=True)
    sources = serializers.ListField(child=serializers.CharField(), help_text="Fields of a person.")
    more_attributes = serializers.BooleanField(help_text="Rows may be added.")
    updates_users = serializers.BooleanField(help_text="False: a change reaches new accounts only.")
