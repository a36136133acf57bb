from typing import ClassVar

from django.db import models

from apps.tenants.models import Tenant, TenantOwned


class ReceivedRequest(TenantOwned):
    """A request of a source and our answer, for its administrators to read: secrets masked, the newest few only (apps/scim/recording.py)."""

    # Of each source there are few, and who looks for old ones looks at each source: one index is enough.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, editable=False, related_name="+", db_index=False
    )
    source = models.ForeignKey("scim.Source", on_delete=models.CASCADE, related_name="+", db_index=False)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=1000)  # relative to the base URL, with the query
    status = models.PositiveSmallIntegerField()
    seconds = models.FloatField()
    detail = models.CharField(max_length=500, blank=True)  # of a refusal
    request = models.TextField(blank=True)  # bodies, masked and shortened; headers are never kept
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source", "created_at"], name="received_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status}"

    @property
    def is_refused(self) -> bool:
        return self.status >= 400
