"""What of a service provider's metadata goes into the settings, and what of it may do so without being asked."""

from typing import Any
from urllib.parse import urlsplit

from apps.saml.metadata_import import ServiceProvider
from apps.saml.models import NameIdFormat, SsoSettings

# NameID formats we would choose for a service provider that does not take the present one: never a fleeting one unasked
PREFERRED = (NameIdFormat.EMAIL, NameIdFormat.PERSISTENT, NameIdFormat.TRANSIENT)
# A refresh may switch these on by itself: more is signed then, never less.
STRENGTHENING = frozenset({"require_signed_requests", "sign_assertion"})
LOGOUT_ADDRESSES = frozenset({"slo_url", "slo_response_url"})


def imported_fields(settings: SsoSettings, provider: ServiceProvider) -> dict[str, Any]:
    """Never less signing than before: what the file does not ask for, or has no key for, stays as it is."""
    fields: dict[str, Any] = {"sp_entity_id": provider.entity_id, "acs_urls": provider.acs_urls}
    fields |= provider.single_logout
    if provider.certificates:
        fields["sp_certificates"] = provider.certificates
    if provider.signs_requests and (provider.certificates or settings.sp_certificates):
        fields["require_signed_requests"] = True
    if provider.wants_signed_assertions:
        fields["sign_assertion"] = True
    fields |= provider.encryption  # the switch is the administrator's; a file without a key takes none away
    offered = provider.name_id_formats
    if offered and settings.name_id not in offered and NameIdFormat.UNSPECIFIED not in offered:
        fields["name_id_format"] = next(format_.value for format_ in PREFERRED if format_ in offered)
    return fields


def news(settings: SsoSettings, seen: ServiceProvider, now: ServiceProvider) -> dict[str, Any]:
    """What `now` asks for otherwise than `seen` did, as far as the settings do not say so already.

    Compared with what the file said before, not with the settings alone: what an administrator has entered by hand since
    is theirs, and a refresh does not take it back.
    """
    before, after = imported_fields(settings, seen), imported_fields(settings, now)
    return {
        field: value
        for field, value in after.items()
        if (field not in before or before[field] != value) and getattr(settings, field) != value
    }


def waits(settings: SsoSettings, fields: dict[str, Any]) -> bool:
    """Whether an administrator looks at this first: whatever says to whom assertions go, who they are about, or whose key
    is believed. Only what is named here goes through unasked."""
    for field, value in fields.items():
        if field == "acs_urls" and _origins(value) == _origins(settings.acs_urls):
            continue
        if field in LOGOUT_ADDRESSES and _origin(value) == _origin(getattr(settings, field)):
            continue
        if field in STRENGTHENING and value is True:
            continue
        return True
    return False


def _origins(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {_origin(row["url"]) for row in rows}


def _origin(url: str) -> tuple[str, str]:
    split = urlsplit(url.lower())
    return split.scheme, split.netloc
