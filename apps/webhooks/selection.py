"""Which events a webhook wants: all, single types, or groups of types. A new type of a group comes along by itself."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.types import EventType


@dataclass(frozen=True, slots=True)
class Group:
    """`beginnings` of the names of its types. A type belongs to the group with the longest one that fits."""

    label: Promise
    beginnings: tuple[str, ...]


OTHER = "other"
GROUPS = {
    "people": Group(_("People and groups"), ("user_", "group_", "association_")),
    "sign_ins": Group(
        _("Sign-ins and second factors"),
        ("user_login_", "user_logout", "user_lockout", "user_unlock", "user_mfa_", "user_password_",
         "recovery_code", "passkey_", "session_", "sso_auth", "sso_logout"),
    ),
    "applications": Group(
        _("Applications and certificates"), ("application_", "certificate_", "metadata_", "sso_preview")
    ),
    "provisioning": Group(
        _("Provisioning"),
        ("idm_", "user_import", "user_create_p", "user_update_p", "user_deprovision", "user_delete_p",
         "user_lookup_p", "group_create_p", "group_update_p", "group_delete_p"),
    ),
    "identity_sources": Group(_("Identity sources"), ("scim_",)),
    "administration": Group(
        _("Administrators, keys and settings"),
        ("admin_", "api_key_", "webhook_", "event", "sign_in_policy_", "organization_", "operator_"),
    ),
    OTHER: Group(_("Everything else"), ("",)),
}  # fmt: skip


def group_of(event_type: str) -> str:
    fits = (
        (len(beginning), name)
        for name, group in GROUPS.items()
        for beginning in group.beginnings
        if event_type.startswith(beginning)
    )
    return max(fits)[1]


def types_of(groups: Collection[str]) -> set[str]:
    return {each for each in EventType.values if group_of(each) in groups}


def wanted_types(types: Collection[str], groups: Collection[str]) -> set[str] | None:
    """None is all of them, those of later versions included: nothing was chosen."""
    if not types and not groups:
        return None
    return set(types) | types_of(groups)
