from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.access import role_of
from apps.accounts.models import LinkPurpose, Role
from apps.api.serializers.base import Strict, text
from apps.directory.models import User


class UserSerializer(Strict):
    id = serializers.UUIDField(read_only=True)
    username = serializers.CharField(max_length=150)
    email = serializers.EmailField(max_length=254)
    first_name = text(120)
    last_name = text(120)
    display_name = text(240)
    job_title = text(120)
    work_phone = text(60)
    mobile_phone = text(60)
    timezone = text(60, help_text="An IANA time zone, such as Europe/London.")
    employee_number = text(120)
    department = text(120)
    division = text(120)
    organization = text(120)
    cost_center = text(120)
    manager = text(255, help_text="The manager's id, here or at the identity provider that told it.")
    active = serializers.BooleanField(required=False)
    password = serializers.CharField(
        max_length=4096, write_only=True, required=False, trim_whitespace=False,
        help_text="Never comes back. Without one the person cannot sign in until one is set.",
    )  # fmt: skip
    role = serializers.SerializerMethodField(
        help_text="In the console; null for whoever has none. Given at administrators/."
    )
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    @extend_schema_field(serializers.ChoiceField(choices=Role.choices, allow_null=True))
    def get_role(self, user: User) -> str | None:
        return role_of(user)


class PasswordLinkSerializer(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(
        choices=LinkPurpose.choices, help_text="invitation for whoever has no password yet, else reset."
    )
    address = serializers.EmailField(help_text="Where the mail goes.")


class UserQuery(Strict):
    q = serializers.CharField(required=False, help_text="Words in the username, the e-mail or the names.")
    active = serializers.BooleanField(required=False, allow_null=True, default=None)
    username = serializers.CharField(required=False, help_text="Exactly this username or e-mail.")


class GroupSerializer(Strict):
    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=100)
    description = text(256)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class GroupQuery(Strict):
    q = serializers.CharField(required=False, help_text="Part of the name.")


class MemberSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="user.id")
    username = serializers.CharField(source="user.username")
    email = serializers.EmailField(source="user.email")
    active = serializers.BooleanField(source="user.active")
    member_since = serializers.DateTimeField(source="created_at")
