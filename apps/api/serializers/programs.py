"""Keys, tokens and who may administer. A secret stands in the answer to POST and nowhere else."""

from typing import Any

from rest_framework import serializers

from apps.accounts.models import Role
from apps.api.serializers.base import IdOf, Strict
from apps.directory.models import User
from apps.scim.models import SourceKind


class ApiKeySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    owner = serializers.UUIDField(source="owner.user_id", help_text="The person whose key it is.")
    owner_username = serializers.CharField(source="owner.user.username")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewApiKeySerializer(ApiKeySerializer):
    key = serializers.CharField(help_text="The key itself, this once.")


class ApiKeyToCreate(Strict):
    name = serializers.CharField(max_length=120)


class ScimTokenSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField(help_text="The source's: who brings the token.")
    source = serializers.UUIDField(source="source_id")  # type: ignore[assignment]  # a field of that name
    kind = serializers.ChoiceField(source="source.kind", choices=SourceKind.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewScimTokenSerializer(ScimTokenSerializer):
    base_url = serializers.CharField(help_text="What the identity provider asks for as SCIM base URL.")
    token = serializers.CharField(help_text="The token itself, this once.")


class ScimTokenToCreate(Strict):
    name = serializers.CharField(
        max_length=120,
        help_text="Who will bring it. A source of that name gets a second token; else it is made.",
    )
    kind = serializers.ChoiceField(choices=SourceKind.choices, required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class AdministratorSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    user = serializers.UUIDField(source="user_id")
    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(choices=Role.choices)
    active = serializers.BooleanField(
        source="user.active", help_text="Whoever is deactivated cannot use the role."
    )
    second_factor = serializers.BooleanField(help_text="Has an authenticator app or a passkey.")
    last_sign_in = serializers.DateTimeField(source="user.last_login", allow_null=True)
    created_at = serializers.DateTimeField()


class RoleToChange(Strict):
    role = serializers.ChoiceField(choices=Role.choices)


class AdministratorToCreate(Strict):
    user = IdOf(User)
    role = serializers.ChoiceField(choices=Role.choices)
