"""What is kept of one request that a worker sent, whoever it was for: provisioning and webhooks have the same columns of it."""

from typing import Any, ClassVar

from django.db import models

from apps.tenants.models import TenantOwned, tenant_of_the_parent


class RequestAttempt(TenantOwned):
    """`status` is HTTP's, None where nothing was answered. Both kinds tell `seconds` and `answer`, its beginning, secrets hidden; headers are
    never kept.
    """

    tenant = tenant_of_the_parent()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        abstract = True
        ordering: ClassVar[list[Any]] = ["-created_at", "-id"]
