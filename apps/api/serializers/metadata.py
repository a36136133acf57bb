"""Where the service provider's own description comes from, what a refresh found, and what waits."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.serializers.base import Strict, text
from apps.saml.metadata_refresh import Outcome
from apps.saml.models import MetadataSource
from apps.saml.pending_changes import pending_change

OUTCOMES = [(outcome.value, outcome.value) for outcome in Outcome]


class MetadataAddress(Strict):
    url = serializers.CharField(max_length=2048)
    entity_id = text(1024, help_text="Which one is meant, where the file describes several.")
    signing_certificate = serializers.CharField(
        max_length=20_000,
        required=False,
        allow_blank=True,
        help_text="PEM: whoever must have signed the file, now and at each refresh. Left out: as it was; empty: nobody.",
    )


class MetadataChoice(Strict):
    """The query of a file that describes several."""

    entity_id = text(1024)


class ShownChange(Strict):
    """Which change is meant: the digest says that it is the one that was looked at."""

    digest = serializers.CharField(max_length=64)


class ChangedField(serializers.Serializer[Any]):
    field = serializers.CharField()
    now = serializers.ListField(child=serializers.CharField())
    proposed = serializers.ListField(child=serializers.CharField())


class PendingChangeSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField()
    since = serializers.DateTimeField()
    rows = ChangedField(many=True)


class MetadataSourceSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Empty where it was a file: that is not refreshed.")
    entity_id = serializers.CharField()
    name = serializers.CharField(help_text="What the file calls the service provider, or empty.")
    signing_certificate = serializers.CharField(help_text="PEM; empty where nobody has to sign it.")
    digest = serializers.CharField(help_text="SHA-256 of the file.")
    taken_over_at = serializers.DateTimeField()
    changes = ChangedField(many=True, help_text="What changed then.")
    valid_until = serializers.DateTimeField(
        allow_null=True, help_text="With a url, nobody signs in after it; a file's is only told."
    )
    cache_seconds = serializers.IntegerField(allow_null=True)
    fetched_at = serializers.DateTimeField(allow_null=True, help_text="The last good answer.")
    next_refresh_at = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField(help_text="In a row; 0 after a good answer.")
    failed_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField()
    pending_change = serializers.SerializerMethodField()

    @extend_schema_field(PendingChangeSerializer(allow_null=True))
    def get_pending_change(self, source: MetadataSource) -> Any:
        change = pending_change(source.application.sso, source)
        return PendingChangeSerializer(change).data if change else None


class RefreshSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    metadata = MetadataSourceSerializer()
