"""Who is calling: a key of the tenant in the address, in one of two headers. Cookies are never looked at, so there is no CSRF."""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.access import client_ip
from apps.api.actions import note_use
from apps.api.models import ApiKey
from apps.directory.models import User
from apps.events.actors import Actor
from apps.lib.crypto import token_key_id, token_matches

BEARER = re.compile(r"\s*Bearer +(\S+)\s*", re.IGNORECASE | re.ASCII)


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` is the ApiKey, `request.user` the person who owns it."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        if "Authorization" not in request.headers and "x-api-key" not in request.headers:
            return None
        secret = _secret(request)
        live = ApiKey.objects.filter(revoked_at=None, owner__user__active=True)
        key: ApiKey | None = (
            live.select_related("owner__user").filter(key_id=token_key_id(secret) or "").first()
        )
        # One answer and one query whatever is wrong: unknown, revoked, another tenant's, its administrator gone.
        if not token_matches(secret, key.digest if key else "") or key is None:
            raise AuthenticationFailed("The API key is not valid.")
        note_use(key)
        return key.owner.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="API"'


def _secret(request: Request) -> str:
    if "Authorization" not in request.headers:
        return str(request.headers["x-api-key"]).strip()
    match = BEARER.fullmatch(request.headers["Authorization"])
    return match[1] if match else ""


def actor_of(request: Request) -> Actor:
    """Names the key and, in brackets, whose it is."""
    key: Any = request.auth
    name = f"{key.name} ({key.owner.user.username})"
    user_agent = request.headers.get("User-Agent", "")
    return Actor("api_key", str(key.pk), name, client_ip(request), user_agent, auth_method="api_key")


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.api.authentication.ApiKeyAuthentication"
    name = ["bearer", "apiKey"]  # type: ignore[assignment]

    def get_security_definition(self, auto_schema: Any) -> Any:
        return [{"type": "http", "scheme": "bearer"}, {"type": "apiKey", "in": "header", "name": "x-api-key"}]

    def get_security_requirement(self, auto_schema: Any) -> Any:
        """One or the other, not both."""
        return [{name: []} for name in self.name]
