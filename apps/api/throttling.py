from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from apps.api.models import ApiKey


class PerKey(SimpleRateThrottle):
    """Counted in each process by itself: against a script gone wild, not for billing."""

    scope = "key"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"api:{request.auth.pk}" if isinstance(request.auth, ApiKey) else None
