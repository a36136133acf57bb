"""Applications, the catalogue's connectors and who may use what."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import IdOf, Strict, text
from apps.applications.catalog import CATALOG
from apps.applications.models import Application, Colour
from apps.directory.models import Group
from apps.saml import addresses

STATES = ("active", "inactive")


class ParameterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    placeholder = serializers.CharField()
    pattern = serializers.CharField(help_text="A regular expression that the whole value matches.")
    help = serializers.CharField()


class ConnectorSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    category = serializers.CharField()
    parameters = ParameterSerializer(many=True)
    sso = serializers.SerializerMethodField()
    identity_management = serializers.SerializerMethodField()
    bookmark = serializers.BooleanField(source="is_bookmark")
    notes = serializers.ListField(child=serializers.CharField(), help_text="Important considerations.")

    def get_sso(self, connector: Any) -> bool:
        return connector.saml is not None

    def get_identity_management(self, connector: Any) -> bool:
        return connector.scim is not None


class ApplicationFields(Strict):
    """What may change after creation."""

    display_label = serializers.CharField(max_length=120)
    description = text(256)
    show_in_launcher = serializers.BooleanField(required=False)
    parameters = serializers.DictField(
        child=serializers.CharField(max_length=2000, allow_blank=True), required=False,
        help_text="Those that the connector asks for (see catalog/).",
    )  # fmt: skip
    bookmark_url = text(2000)
    colour = serializers.ChoiceField(choices=Colour.choices, required=False, allow_blank=True)


class ApplicationToCreate(ApplicationFields):
    connector = serializers.ChoiceField(choices=list(CATALOG))
    slug = serializers.SlugField(
        max_length=63, required=False, allow_blank=True,
        help_text="The end of the SSO address, fixed here for good; made from the label when it is left out.",
    )  # fmt: skip


class ApplicationToUpdate(ApplicationFields):
    connector = serializers.CharField(read_only=True)
    slug = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=STATES, required=False, help_text="inactive: nobody starts it.")


class ApplicationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    connector = serializers.ChoiceField(choices=list(CATALOG), source="connector_key")
    display_label = serializers.CharField()
    slug = serializers.CharField()
    description = serializers.CharField()
    show_in_launcher = serializers.BooleanField()
    parameters = serializers.DictField(child=serializers.CharField())
    bookmark_url = serializers.CharField()
    colour = serializers.CharField()
    state = serializers.SerializerMethodField()
    sso_url = serializers.SerializerMethodField()
    metadata_url = serializers.SerializerMethodField()
    certificate_url = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_state(self, application: Application) -> str:
        return STATES[0] if application.active else STATES[1]

    def get_sso_url(self, application: Application) -> str | None:
        return _address(addresses.sso_url, application)

    def get_metadata_url(self, application: Application) -> str | None:
        return _address(addresses.metadata_url, application)

    def get_certificate_url(self, application: Application) -> str | None:
        return _address(addresses.certificate_url, application)


class AssignmentSerializer(serializers.Serializer[Any]):
    group = serializers.UUIDField(source="group_id")
    group_name = serializers.CharField(source="group.name")
    created_at = serializers.DateTimeField()


class AssignmentToCreate(Strict):
    group = IdOf(Group)


def _address(of: Callable[[Application], str], application: Application) -> str | None:
    """None for a bookmark."""
    return of(application) if application.connector.saml is not None else None
