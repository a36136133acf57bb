"""The SSO tab's fields. What may stand in them is decided by the SAML app; here is what they are called and what they hold."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.base import Strict, text
from apps.saml.advice import advice_on
from apps.saml.metadata_sources import source_of
from apps.saml.models import (
    EncryptionAlgorithm,
    GroupsSent,
    LogoutBinding,
    NameIdFormat,
    OaepDigest,
    SignatureAlgorithm,
)

ACS_URL = {
    "type": "object",
    "properties": {
        "url": {"type": "string"},
        "index": {"type": "integer"},
        "is_default": {"type": "boolean"},
    },
    "required": ["url"],
}
ATTRIBUTE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "name_format": {"type": "string"},
        "source": {"type": "string", "description": "A field of the person, or empty."},
        "constant": {"type": "string", "description": "Sent as it is, where there is no source."},
        "enabled": {"type": "boolean"},
        "required": {"type": "boolean", "readOnly": True, "description": "The application expects it."},
    },
    "required": ["name"],
}


@extend_schema_field({"type": "array", "items": {"oneOf": [{"type": "string"}, ACS_URL]}})
class AcsUrls(serializers.ListField):
    """A row may be the address alone; the first is the default unless another one says that it is."""


@extend_schema_field({"type": "array", "items": ATTRIBUTE})
class Attributes(serializers.ListField):
    pass


class SsoSerializer(Strict):
    sp_entity_id = text(1024)
    acs_urls = AcsUrls(child=serializers.JSONField(), required=False)
    name_id_format = serializers.ChoiceField(choices=NameIdFormat.choices, required=False)
    name_id_source = text(
        20,
        help_text="A field of the person (email, username, …), or persistent_id: random, one per person and application.",
    )
    sign_response = serializers.BooleanField(required=False)
    sign_assertion = serializers.BooleanField(required=False)
    signature_algorithm = serializers.ChoiceField(choices=SignatureAlgorithm.choices, required=False)
    default_relay_state = text(1024)
    attributes = Attributes(child=serializers.JSONField(), required=False)
    include_groups = serializers.BooleanField(required=False)
    groups_attribute_name = text(255)
    groups_name_format = text(255, help_text="basic, uri, unspecified or a URI of the application's own.")
    groups_sent = serializers.ChoiceField(
        choices=GroupsSent.choices,
        required=False,
        help_text="Of a person's groups, those bound to the application or all.",
    )
    sp_certificates = serializers.ListField(
        child=serializers.CharField(max_length=20_000), required=False, help_text="PEM, one certificate each."
    )
    require_signed_requests = serializers.BooleanField(required=False)
    encrypt_assertion = serializers.BooleanField(
        required=False, help_text="Needs the service provider's certificate for encryption."
    )
    sp_encryption_certificate = text(
        20_000, help_text="PEM, RSA of 2048 bits or more: only its holder reads the assertion."
    )
    encryption_algorithm = serializers.ChoiceField(choices=EncryptionAlgorithm.choices, required=False)
    oaep_digest = serializers.ChoiceField(
        choices=OaepDigest.choices, required=False, help_text="Of RSA-OAEP, which wraps the key."
    )
    login_url = text(2048)
    idp_initiated = serializers.BooleanField(
        required=False, help_text="Whether people may start it from their launcher, without a request."
    )
    slo_url = text(
        2048, help_text="Where the application takes logout requests; empty: it cannot be signed out."
    )
    slo_binding = serializers.ChoiceField(choices=LogoutBinding.choices, required=False)
    slo_response_url = text(2048, help_text="Only where answers go to another address than requests.")
    complete = serializers.BooleanField(read_only=True, help_text="Whether people can sign in by it.")
    advice = serializers.SerializerMethodField(help_text="What will probably not work, in sentences.")

    def get_advice(self, settings: Any) -> list[str]:
        return advice_on(settings, source_of(settings.application))
