"""Who is calling: a token of the tenant in the address, in the Authorization header, and nothing else. Sessions are not even looked at."""

import re

from django.http import HttpRequest

from apps.accounts.access import client_ip
from apps.events.actors import Actor
from apps.lib.crypto import token_key_id, token_matches
from apps.lib.scim.errors import Unauthorized
from apps.scim.actions.sources import note_use
from apps.scim.models import ScimToken, Source
from apps.tenants.prepared import PreparedQuery

_BY_KEY_ID = PreparedQuery(
    lambda key_id: ScimToken.objects.select_related("source").filter(key_id=key_id), key_id=str
)
BEARER = re.compile(r"\s*Bearer +(\S+)\s*", re.IGNORECASE | re.ASCII)


def authenticate(request: HttpRequest) -> ScimToken:
    """Raises Unauthorized, with one answer and one query whatever is wrong (unknown, expired, revoked, another tenant's)."""
    match = BEARER.fullmatch(request.headers.get("Authorization", ""))
    secret = match[1] if match else ""
    token: ScimToken | None = _BY_KEY_ID.first(key_id=token_key_id(secret) or "")
    if not token_matches(secret, token.digest if token else "") or token is None or not token.is_live:
        raise Unauthorized
    note_use(token)
    return token


def actor_of(request: HttpRequest, source: Source) -> Actor:
    """The source, whichever of its tokens it brought: the log goes on when tokens are changed."""
    user_agent = request.headers.get("User-Agent", "")
    return Actor(
        "scim_source", str(source.pk), source.name, client_ip(request), user_agent, auth_method="token"
    )
