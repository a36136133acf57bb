from typing import ClassVar

from django.db import models

from apps.tenants.models import TenantOwned


class Digest(TenantOwned):
    """Whether an organisation's administrators get the weekly digest, and which one was the last. No row: they do, and none yet."""

    enabled = models.BooleanField(default=True)
    last_week = models.DateField(null=True, blank=True)  # the Monday on which it was written

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant"], name="digest_once"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.last_week}"
