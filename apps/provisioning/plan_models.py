"""A plan for more people than a page can wait for: a worker compares them chunk by chunk and writes down what would be sent."""

from typing import Any, ClassVar

from django.db import models

from apps.tenants.leases import Leased
from apps.tenants.models import TenantOwned


class PreparedPlan(Leased):
    """`compared` and `total` count people and groups; `ready_at` is None while it is being made.

    With a `synchronization` it is not made to be shown but to be compared with `wanted`, the digest of the plan that was looked at
    ("": any): it keeps no changes, and at its end the synchronisation begins or is refused.
    """

    integration = models.ForeignKey(
        "provisioning.Integration", on_delete=models.CASCADE, related_name="prepared_plans"
    )
    synchronization = models.OneToOneField(
        "provisioning.Synchronization", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    wanted = models.CharField(max_length=64, blank=True)
    mapping = models.JSONField(null=True, blank=True)  # another than the integration's own, which is tried
    rules = models.CharField(max_length=64, blank=True)  # stands for the settings that it was made with
    kind = models.CharField(max_length=5, blank=True)  # what is paged through: user, then group
    position = models.UUIDField(null=True, blank=True)  # the last resource that was compared
    compared = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    changes = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    user_counts = models.JSONField(default=dict)
    group_counts = models.JSONField(default=dict)
    held = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["ready_at", "lease_until"], name="prepared_plan_due"),
            models.Index(fields=["created_at"], name="prepared_plan_created"),
        ]

    def __str__(self) -> str:
        return f"{self.integration}: {self.compared} of {self.total}"

    @property
    def counts(self) -> dict[str, Any]:
        return {"users": self.user_counts, "groups": self.group_counts}


class PlannedChange(TenantOwned):
    """A row of such a plan, as apps.provisioning.preview.Row; `number` is its place."""

    plan = models.ForeignKey(PreparedPlan, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=5)
    resource_id = models.UUIDField()
    name = models.CharField(max_length=255, blank=True)
    operation = models.CharField(max_length=20)
    document = models.JSONField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["plan", "number"], name="planned_change_once"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.name}"
