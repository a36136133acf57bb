from typing import Any

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.access import WRITERS, may_grant, role_of
from apps.api.models import ApiKey
from apps.directory.models import User


class ByRole(BasePermission):
    """Every role reads; owners and administrators write."""

    message = "Your role may read, but not change anything."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated("An API key is needed: “Authorization: Bearer …” or “x-api-key: …”.")
        return request.method in SAFE_METHODS or request.auth.owner.role in WRITERS


def check_may_grant(request: Request, role: str) -> None:
    """Nobody gives, or takes, what they do not have."""
    if not may_grant(request.auth.owner.role, role):  # type: ignore[union-attr]
        raise PermissionDenied("Your role may not grant or remove this role.")


def check_may_change(request: Request, user: User) -> None:
    """Whoever sets an owner's password or e-mail address could become one."""
    role = role_of(user)
    if role is not None and not may_grant(request.auth.owner.role, role):  # type: ignore[union-attr]
        raise PermissionDenied("Your role may not change a person who has this role.")
