from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.directory.validators import validate_text
from apps.events.types import EventType
from apps.lib.crypto import Sealed
from apps.outbox.attempts import RequestAttempt
from apps.tenants.models import Tenant, TenantOwned
from apps.webhooks.selection import wanted_types


class WebhookState(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    QUARANTINED = "quarantined", _("Quarantined: left alone until it is well again")


class PauseReason(models.TextChoices):
    REQUEST = "request", _("An administrator paused it")
    GONE = "gone", _("It answered 410 Gone")


class QuarantineReason(models.TextChoices):
    CREDENTIALS = "credentials", _("It refuses to let us in")
    FAILURES = "failures", _("It has not taken anything for a while")
    REFUSALS = "refusals", _("It refuses one event after the other")


class Webhook(TenantOwned):
    """An endpoint that is sent events in their order, one at a time, and how it is doing.

    What it is owed is the log from `cursor` on. Only the next few are lined up as rows.
    """

    name = models.CharField(_("name"), max_length=120, validators=[validate_text])
    url = models.CharField(_("URL"), max_length=2000)
    event_types = models.JSONField(default=list, blank=True)  # both empty: all
    event_groups = models.JSONField(default=list, blank=True)  # apps.webhooks.selection.GROUPS
    state = models.CharField(max_length=12, choices=WebhookState.choices, default=WebhookState.ACTIVE)
    pause_reason = models.CharField(max_length=8, choices=PauseReason.choices, blank=True)
    quarantine_reason = models.CharField(max_length=12, choices=QuarantineReason.choices, blank=True)
    cursor = models.PositiveBigIntegerField(default=0)  # of the log's sequence: lined up so far
    owed_since = models.DateTimeField(default=timezone.now)  # what happened before is nobody's concern
    last_position = models.PositiveBigIntegerField(default=0)  # of its own queue
    # Events that were owed and went to the archive unsent, and when the archive ends that had the last of them.
    archived = models.PositiveBigIntegerField(default=0)
    archived_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    auth_failures = models.PositiveIntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True, blank=True)
    gave_up = models.BooleanField(default=False)  # on a delivery, since the last success
    probes = models.PositiveSmallIntegerField(default=0)  # since the quarantine began
    relapses = models.PositiveSmallIntegerField(default=0)  # quarantines that followed soon upon a resumption
    resumed_at = models.DateTimeField(null=True, blank=True)  # when the last quarantine ended
    not_before = models.DateTimeField(null=True, blank=True)  # back-off, Retry-After, next probe
    last_problem = models.CharField(max_length=1000, blank=True)  # in words for people
    last_success_at = models.DateTimeField(null=True, blank=True)
    busy_token = models.UUIDField(null=True, blank=True, editable=False)  # apps.outbox.turns
    busy_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[Any]] = ["name", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "not_before"], name="webhook_state")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """Where it leads, without what is often a secret."""
        return urlsplit(self.url).netloc

    @property
    def is_active(self) -> bool:
        """Nobody paused it; one that is quarantined is looked at now and then."""
        return self.state != WebhookState.PAUSED

    @property
    def wanted(self) -> set[str] | None:
        """The types of its events, None for all."""
        return wanted_types(self.event_types, self.event_groups)


class WebhookSecret(TenantOwned):
    """What a delivery is signed with. Two may live at a time: both sign, and the receiver moves from one to the other."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="secrets")
    secret_sealed = models.BinaryField(default=b"", editable=False)
    secret = Sealed("secret_sealed")
    hint = models.CharField(max_length=4, editable=False)  # the last four characters
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[Any]] = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"…{self.hint}"


class ReplayState(models.TextChoices):
    RUNNING = "running", _("Under way")
    DONE = "done", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class Replay(TenantOwned):
    """What was sent once is sent once more, because somebody said so."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="replays")
    since = models.DateTimeField()
    until = models.DateTimeField()  # exclusive
    event_types = models.JSONField(default=list, blank=True)  # empty: all
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=ReplayState.choices, default=ReplayState.RUNNING)
    total = models.PositiveIntegerField(default=0)  # as it began
    cursor = models.PositiveBigIntegerField(default=0)  # of the log's sequence: lined up so far
    last = models.PositiveBigIntegerField(default=0)  # where it ends
    delivered = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    archived = models.PositiveIntegerField(default=0)  # before they were sent again
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[Any]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["webhook", "-created_at"], name="replay_newest")
        ]

    def __str__(self) -> str:
        return f"{self.webhook}: {self.state}"

    @property
    def wanted(self) -> set[str] | None:
        return wanted_types(self.event_types, [])

    @property
    def finished(self) -> int:
        return int(self.delivered + self.failed)


class DeliveryKind(models.TextChoices):
    EVENT = "event", _("Event")
    REPLAY = "replay", _("Replay")
    TEST = "test", _("Test")


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Not taken")
    DROPPED = "dropped", _("Skipped")


class Delivery(TenantOwned):
    """One event on its way to one endpoint. `body` is what is signed and sent, each time the same."""

    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, editable=False, related_name="+", db_index=False
    )
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    replay = models.ForeignKey(Replay, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=6, choices=DeliveryKind.choices, default=DeliveryKind.EVENT)
    event_id = models.UUIDField()  # events may be archived: a snapshot
    event_type = models.CharField(max_length=40)
    event_at = models.DateTimeField()
    body = models.TextField()
    position = models.PositiveBigIntegerField(default=0)  # in its queue
    state = models.CharField(max_length=9, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)  # in a row without success
    refusals = models.PositiveIntegerField(default=0)  # of these: answers that were about this event alone
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)  # HTTP
    last_error = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[Any]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["webhook", "position"], condition=models.Q(state="pending"), name="delivery_due"
            ),
            models.Index(fields=["webhook", "-created_at", "-id"], name="delivery_newest"),
            models.Index(fields=["created_at"], name="delivery_created"),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.event_type}: {self.state}"

    @property
    def label(self) -> str:
        known = EventType.values
        return str(EventType(self.event_type).label) if self.event_type in known else str(self.event_type)


class Outcome(models.TextChoices):
    SUCCEEDED = "succeeded", _("Delivered")
    REFUSED = "refused", _("Refused")
    PASSING = "passing", _("Failed for now")
    AUTH = "auth", _("Not let in")
    GONE = "gone", _("Gone")


class DeliveryAttempt(RequestAttempt):
    """One request and its answer. The body is the delivery's; neither signatures nor the URL's query are kept."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries", db_index=False)
    url = models.CharField(max_length=2000)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    seconds = models.FloatField(default=0)
    answer = models.CharField(max_length=1000, blank=True)
    error = models.CharField(max_length=1000, blank=True)
    sent_at = models.DateTimeField()  # what webhook-timestamp said

    class Meta(RequestAttempt.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["delivery", "-created_at"], name="delivery_attempt_newest")
        ]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.status}"
