"""Which tenant the running code works for. A context variable: it follows threads' and coroutines' own contexts."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol
from uuid import UUID

from django.http import HttpRequest

from apps.tenants.errors import NoTenantError


class HasId(Protocol):
    id: Any


EVERY = "*"  # what every_tenant() puts in the tenant's place, here and in the database's setting
_current: ContextVar[UUID | str | None] = ContextVar("tenant_id", default=None)


def current_tenant_id() -> UUID:
    """Raises NoTenantError outside any tenant: scoping fails closed."""
    tenant_id = _current.get()
    if not isinstance(tenant_id, UUID):
        raise NoTenantError("This ran outside any tenant; wrap it in in_tenant(…).")
    return tenant_id


def visible_rows() -> str:
    """Whose rows the database may show now: a tenant's id, EVERY, or "" for nobody's (apps/tenants/postgresql)."""
    return str(_current.get() or "")


@contextmanager
def _standing_in(place: UUID | str | None) -> Iterator[None]:
    token = _current.set(place)
    try:
        yield
    finally:
        _current.reset(token)


def in_tenant(tenant: HasId | UUID) -> AbstractContextManager[None]:
    return _standing_in(tenant if isinstance(tenant, UUID) else UUID(str(tenant.id)))


def outside_tenants() -> AbstractContextManager[None]:
    """For code that walks tenants: whatever it calls must enter one itself."""
    return _standing_in(None)


def every_tenant() -> AbstractContextManager[None]:
    """For the few questions that go over all customers ("whose entries wait?"). The database lets it read, never write;
    `objects` refuses to run, so each such question says `unscoped` and can be found."""
    return _standing_in(EVERY)


def template_context(request: HttpRequest) -> dict[str, Any]:
    return {"tenant": getattr(request, "tenant", None)}
