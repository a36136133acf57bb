"""What all serializers share: fields that nobody declared are refused, and ids are looked up inside the tenant."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class Strict(serializers.Serializer[Any]):
    """A misspelt field that was silently dropped would look as if it had been saved."""

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        if isinstance(data, Mapping):
            fields = self.fields
            errors |= {str(name): ["There is no such field."] for name in data if name not in fields}
            errors |= {
                name: ["This field cannot be set."]
                for name in data
                if name in fields and fields[name].read_only
            }
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            errors |= error.detail if isinstance(error.detail, dict) else {"": error.detail}
        if errors:
            raise serializers.ValidationError(errors)
        return value


@extend_schema_field(OpenApiTypes.UUID)
class IdOf(serializers.Field[Any, Any, Any, Any]):
    """The id of a row of `model` that this tenant has; another tenant's is as unknown as a misspelt one."""

    default_error_messages = {"unknown": "There is no such {name}."}

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return self.model.objects.get(pk=UUID(data))
        except (AttributeError, TypeError, ValueError, self.model.DoesNotExist):
            self.fail("unknown", name=self.model._meta.verbose_name)  # noqa: SLF001 - Django's documented Meta API

    def to_representation(self, value: Any) -> str:
        return str(value.pk)


class Reference(serializers.Serializer[Any]):
    """Another resource: its id, and its name for people."""

    id = serializers.UUIDField()
    name = serializers.SerializerMethodField()

    def get_name(self, thing: Any) -> str:
        return str(thing)


def text(max_length: int, **kwargs: Any) -> serializers.CharField:
    """Optional and may be empty; the actions check what stands in it."""
    return serializers.CharField(max_length=max_length, required=False, allow_blank=True, **kwargs)
