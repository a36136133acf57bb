"""The base of every Celery task: the tenant travels with the message and is restored around the run."""

from typing import Any
from uuid import UUID

from celery import Task
from django.db import connection

from apps.lib.transactions import retry_statement
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant


class TenantTask(Task):  # type: ignore[misc]
    """First argument: the tenant's id as a string. A vanished or suspended tenant discards the message."""

    abstract = True

    def __call__(self, tenant_id: str, *args: Any, **kwargs: Any) -> Any:
        if not Tenant.objects.filter(id=UUID(tenant_id), active=True).exists():
            return None
        with in_tenant(UUID(tenant_id)), connection.execute_wrapper(retry_statement):
            return super().__call__(tenant_id, *args, **kwargs)
