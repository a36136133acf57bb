"""System checks that guard the settings. An id is never reused."""

import base64
import binascii
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's name

from apps.lib.addresses import allowed_by


@register(Tags.security)
def encryption_keys(**_: Any) -> list[CheckMessage]:
    for key in settings.ENCRYPTION_KEYS:
        try:
            length = len(base64.urlsafe_b64decode(key))
        except (binascii.Error, ValueError):
            length = 0
        if length != 32:
            return [
                Error("Every key in ENCRYPTION_KEYS must be 32 bytes of urlsafe base64.", id="gatehouse.E001")
            ]
    return [] if settings.ENCRYPTION_KEYS else [Error("ENCRYPTION_KEYS is empty.", id="gatehouse.E002")]


@register(Tags.security)
def public_url(**_: Any) -> list[CheckMessage]:
    url = urlsplit(settings.PUBLIC_URL)
    if url.scheme not in {"http", "https"} or not url.hostname:
        return [Error("PUBLIC_URL must be an absolute http(s) address.", id="gatehouse.E003")]
    if url.scheme == "http" and url.hostname not in {"127.0.0.1", "localhost", "::1"}:
        return [
            Warning(
                "PUBLIC_URL is plain http on a public host: service providers will refuse it.",
                id="gatehouse.W001",
            )
        ]
    return []


@register(Tags.security)
def outbound_allow(**_: Any) -> list[CheckMessage]:
    try:
        allowed_by(tuple(settings.OUTBOUND_ALLOW))
    except ValueError as error:
        return [Error(f"OUTBOUND_ALLOW: {error}", id="gatehouse.E004")]
    return []
