from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import IdOf, Reference, Strict
from apps.directory.models import User
from apps.saml.models import NameIdFormat

APPLICATION = "application"


class PreviewQuery(Strict):
    user = IdOf(User)
    start = serializers.ChoiceField(
        choices=["launcher", APPLICATION], required=False, help_text="Where the person begins; the launcher."
    )


class ProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    sentence = serializers.CharField()
    groups = serializers.ListField(
        child=serializers.CharField(), help_text="Those that would open the application."
    )


class PreviewAttribute(serializers.Serializer[Any]):
    name = serializers.CharField()
    name_format = serializers.CharField()
    origin = serializers.CharField(
        source="source", help_text="A field of the person, “constant” or “groups”."
    )
    enabled = serializers.BooleanField()
    values = serializers.ListField(child=serializers.CharField(), help_text="Empty: it is not sent.")


class PreviewPart(serializers.Serializer[Any]):
    name = serializers.CharField()
    signed = serializers.BooleanField()
    verifies = serializers.BooleanField()


class PreviewDocument(serializers.Serializer[Any]):
    xml = serializers.SerializerMethodField(
        help_text="Signed with a key that is forgotten, and over since yesterday."
    )
    recipient = serializers.CharField(source="envelope.acs_url")
    audience = serializers.CharField(source="envelope.audience")
    issuer = serializers.CharField(source="envelope.issuer")
    in_response_to = serializers.CharField(source="envelope.in_response_to")
    parts = PreviewPart(many=True)

    def get_xml(self, document: Any) -> str:
        return str(document.xml.decode())


class PreviewSerializer(serializers.Serializer[Any]):
    user = Reference()
    would_get_in = serializers.BooleanField()
    problems = ProblemSerializer(many=True, help_text="Why not.")
    groups = serializers.ListField(child=serializers.CharField(), help_text="Those that open it.")
    name_id = serializers.CharField(source="statement.name_id", default="")
    name_id_format = serializers.ChoiceField(choices=NameIdFormat.choices, source="settings.name_id_format")
    attributes = PreviewAttribute(many=True, source="rows")
    key_fits = serializers.BooleanField(help_text="What it signs, the published certificate verifies.")
    encrypted = serializers.BooleanField(
        source="settings.encrypt_assertion", help_text="What is sent is; the document shows it before."
    )
    document = PreviewDocument(allow_null=True)
