from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from apps.lib.crypto import Sealed
from apps.tenants.models import TenantOwned


class Letter(TenantOwned):
    """One mail that is owed to one person. Gone when it was sent or given up: the event log keeps what went out.

    What it says is sealed, because letters may hold links that sign somebody in.
    """

    recipient_id = models.CharField(max_length=64, blank=True)  # a person's id; a snapshot, as in events
    recipient_name = models.CharField(max_length=255)
    address = models.CharField(max_length=254)
    subject = models.CharField(max_length=255)
    text_sealed = models.BinaryField(editable=False)
    html_sealed = models.BinaryField(editable=False, default=b"")
    application_id = models.CharField(max_length=64, blank=True)
    application_name = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(
        default=timezone.now
    )  # when it may be sent; while it is under way, the end of the lease
    lease = models.UUIDField(null=True, editable=False)  # whose attempt is under way

    text = Sealed("text_sealed")
    html = Sealed("html_sealed")

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[Any]] = ["next_at", "id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["next_at"], name="letter_due")]

    def __str__(self) -> str:
        return f"{self.subject} to {self.address}"
