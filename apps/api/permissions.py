from typing import Any

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.access import READERS, WRITERS, may_change, may_grant
from apps.accounts.models import Role
from apps.api.models import ApiKey
from apps.directory.models import User


class ByRole(BasePermission):
    """As in the console: owners and administrators write, read only reads, the help desk has what views say (`help_desk`)."""

    message = "Your role may not do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated("An API key is needed: “Authorization: Bearer …” or “x-api-key: …”.")
        role = request.auth.owner.role
        if role == Role.HELP_DESK:
            return request.method in view.help_desk
        return role in WRITERS or (role in READERS and request.method in {*SAFE_METHODS, *view.asks})


def check_may_grant(request: Request, role: str) -> None:
    """Nobody gives, or takes, what they do not have."""
    if not may_grant(request.auth.owner.role, role):  # type: ignore[union-attr]
        raise PermissionDenied("Your role may not grant or remove this role.")


def check_may_change(request: Request, user: User) -> None:
    """Whoever sets an owner's password or e-mail address could become one."""
    if not may_change(request.auth.owner.role, user):  # type: ignore[union-attr]
        raise PermissionDenied("Your role may not change a person who has this role.")
