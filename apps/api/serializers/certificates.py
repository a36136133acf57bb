"""Certificates as they are answered, and what makes one: options to generate by, or a pair that was made elsewhere."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import Strict
from apps.saml.actions.new_key_pairs import KEY_SIZES, YEARS
from apps.saml.models import KeyPair

GENERATED = {"common_name", "years", "key_size"}
UPLOADED = {"certificate", "private_key", "passphrase", "at_once"}


class CertificateSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=KeyPair.State.choices)
    certificate = serializers.CharField(help_text="PEM")
    fingerprint_sha1 = serializers.CharField()
    fingerprint_sha256 = serializers.CharField()
    not_after = serializers.DateTimeField()
    created_at = serializers.DateTimeField()


class NewCertificateSerializer(Strict):
    """Empty, or some of the first three: a pair is generated. Otherwise the pair itself, which never comes back."""

    common_name = serializers.CharField(max_length=64, required=False, allow_blank=True)
    years = serializers.IntegerField(required=False, min_value=YEARS[0], max_value=YEARS[-1])
    key_size = serializers.ChoiceField(choices=KEY_SIZES, required=False, help_text="Bits")
    certificate = serializers.CharField(max_length=65_536, required=False, help_text="PEM", write_only=True)
    private_key = serializers.CharField(
        max_length=65_536, required=False, help_text="PEM, PKCS #1 or #8", write_only=True
    )
    passphrase = serializers.CharField(
        max_length=1024, required=False, allow_blank=True, trim_whitespace=False, write_only=True
    )
    at_once = serializers.BooleanField(
        required=False, help_text="It signs at once; refused when somebody has signed in by the present one."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.keys() & UPLOADED:
            missing = {"certificate", "private_key"} - attrs.keys()
            errors = {name: ["A pair is a certificate and its private key."] for name in missing}
            errors |= {name: ["Only for a pair that is generated here."] for name in attrs.keys() & GENERATED}
            if errors:
                raise serializers.ValidationError(errors)
        return attrs
