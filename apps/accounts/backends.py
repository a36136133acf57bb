"""Passwords, inside the tenant of the address: the same user name in two tenants is two people."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from apps.accounts.access import may_sign_in
from apps.directory.models import User
from apps.tenants.errors import NoTenantError


class TenantBackend(BaseBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **_: Any
    ) -> User | None:
        """Whose password it is, also when it has expired: what that person may do is the caller's question (may_sign_in)."""
        if not username or not password:
            return None
        users = list(User.objects.checked().named(username)[:2])
        if len(users) != 1:
            User().set_password(password)  # the same work, so that timing does not tell who exists
            return None
        user: User = users[0]
        return user if user.check_password(password) and user.active else None

    def get_user(self, user_id: Any) -> User | None:
        """Another tenant's session is nobody here; a person who may not sign in loses the session they have."""
        try:
            user: User = User.objects.select_related("administrator").get(pk=UUID(str(user_id)))
        except (NoTenantError, ValueError, User.DoesNotExist):
            return None
        return user if may_sign_in(user) else None
