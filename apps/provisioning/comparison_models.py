"""The nightly comparison of each integration: one row that says when, how far, and what was found the last time."""

from django.db import models

from apps.tenants.leases import Leased


class Comparison(Leased):
    """`compared` counts people and groups; `differed` those that were raised because of it; `waiting` those that differ but
    wait already: under way, failing, held or kept.
    """

    integration = models.OneToOneField(
        "provisioning.Integration", on_delete=models.CASCADE, related_name="comparison"
    )
    next_at = models.DateTimeField(db_index=True)
    # The one under way, chunk by chunk: a worker that dies loses nothing but its chunk.
    started_at = models.DateTimeField(null=True, blank=True)
    kind = models.CharField(max_length=5, blank=True)  # what is paged through: user, then group
    position = models.UUIDField(null=True, blank=True)  # the last resource that was compared
    compared = models.PositiveIntegerField(default=0)
    differed = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    # The last that came to its end.
    last_ended_at = models.DateTimeField(null=True, blank=True)
    last_compared = models.PositiveIntegerField(default=0)
    last_differed = models.PositiveIntegerField(default=0)
    last_waiting = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.integration}: {self.next_at:%Y-%m-%d %H:%M}"
