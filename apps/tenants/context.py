"""Which tenant the running code works for. A context variable: it follows threads' and coroutines' own contexts."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol
from uuid import UUID

from django.http import HttpRequest

from apps.tenants.errors import NoTenantError


class HasId(Protocol):
    id: Any


_current: ContextVar[UUID | None] = ContextVar("tenant_id", default=None)


def current_tenant_id() -> UUID:
    """Raises NoTenantError outside any tenant: scoping fails closed."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenantError("This ran outside any tenant; wrap it in in_tenant(…).")
    return tenant_id


@contextmanager
def in_tenant(tenant: HasId | UUID) -> Iterator[None]:
    token = _current.set(tenant if isinstance(tenant, UUID) else tenant.id)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def outside_tenants() -> Iterator[None]:
    """For code that walks tenants: whatever it calls must enter one itself."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def template_context(request: HttpRequest) -> dict[str, Any]:
    return {"tenant": getattr(request, "tenant", None)}
