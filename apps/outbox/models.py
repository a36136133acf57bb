from typing import ClassVar

from django.db import models

from apps.tenants.models import Tenant, TenantOwned


class Topic(models.TextChoices):
    """What changed. An entry carries no payload: whoever reads it looks at the database again."""

    USER_CHANGED = "user_changed"
    GROUP_CHANGED = "group_changed"
    APPLICATION_CHANGED = "application_changed"
    INTEGRATION_CHANGED = "integration_changed"


class Entry(TenantOwned):
    """One line owed to the subscribers of a topic; deleted by the relay in the transaction that has served it, or its last page."""

    # The index below begins with it.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, editable=False, related_name="+", db_index=False
    )
    topic = models.CharField(max_length=40, choices=Topic.choices)
    subject_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    correlation_id = models.UUIDField(null=True, editable=False)  # apps/lib/correlation.py
    # How far a subscriber is who serves it page by page, in words of its own; empty at the beginning (relay.subscribe_paged).
    position = models.CharField(max_length=100, blank=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["created_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "created_at"], name="entry_oldest")
        ]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.topic} {self.subject_id}"


class SignOfLife(models.Model):
    """When a worker last swept, whoever its tenants are: for the operators' page of the installation's health."""

    worker = models.CharField(max_length=255, unique=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-seen_at"]

    def __str__(self) -> str:
        return self.worker
