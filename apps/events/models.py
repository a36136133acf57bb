from typing import Any, ClassVar, NoReturn

from django.db import models
from django.db.models.fields.json import KeyTextTransform

from apps.events.types import EventType
from apps.tenants.models import Tenant, TenantOwned, TenantQuerySet, TenantScopedManager


class AppendOnlyError(Exception):
    """Somebody tried to change or delete a line of the event log."""


class EventQuerySet(TenantQuerySet):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError("The event log is append only.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("The event log is append only.")

    def let_go(self) -> None:
        """Of what an archive has; the database refuses it outside apps.tenants.append_only.removing()."""
        super().delete()

    def about(self, kind: str, thing_id: Any) -> "EventQuerySet":
        """Everything about one user, group or application, in whatever role it appears."""
        about = models.Q(target_kind=kind, target_id=str(thing_id))
        if kind == "application":
            about |= models.Q(application_id=str(thing_id))
        if kind == "group":
            about |= models.Q(group_id=str(thing_id))
        if kind == "user":
            about |= models.Q(actor_kind__in=("administrator", "person"), actor_id=str(thing_id))
        return self.filter(about)  # type: ignore[no-any-return]


class Event(TenantOwned):
    """One line of the log: append only; actor, target and application are snapshots, not references."""

    append_only = True  # apps/tenants/append_only.py

    # Every index below begins with it.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, editable=False, related_name="+", db_index=False
    )
    type = models.CharField(max_length=40, choices=EventType.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    success = models.BooleanField(default=True)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=255)
    target_kind = models.CharField(max_length=20, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=255, blank=True)
    application_id = models.CharField(max_length=64, blank=True)
    application_name = models.CharField(max_length=255, blank=True)
    client_ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)
    auth_method = models.CharField(max_length=40, blank=True)
    correlation_id = models.UUIDField(null=True, blank=True, editable=False)  # apps/lib/correlation.py
    error_message = models.TextField(blank=True)
    # {"response_code", "response_message", "message_details"}: the application's own words (seeds, "SCIM DI Events")
    message_chain = models.JSONField(default=dict, blank=True)
    changes = models.JSONField(default=list, blank=True)  # [{"field", "from", "to"}], never a secret
    details = models.JSONField(default=dict, blank=True)
    # Of a membership, which is about a person and a group: the group's id, read from the details by the database itself, so that
    # no line has to be written anew for it, and none can say one thing here and another there.
    group_id = models.GeneratedField(
        expression=KeyTextTransform("group", "details"),
        output_field=models.TextField(null=True),
        db_persist=True,
    )

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(EventQuerySet)()

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        # Ascending, though the newest are read first: what is written comes at an end then, where a page is filled before
        # the next is begun; at a beginning each page is split, over and over (docs/performance.md).
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "created_at", "id"], name="event_newest"),
            models.Index(fields=["tenant", "target_kind", "target_id", "created_at"], name="event_target"),
            models.Index(fields=["tenant", "application_id", "created_at"], name="event_application"),
            models.Index(fields=["tenant", "actor_id", "created_at"], name="event_actor"),
            models.Index(
                fields=["tenant", "group_id", "created_at"],
                condition=models.Q(group_id__isnull=False),
                name="event_group",
            ),
            models.Index(
                fields=["tenant", "correlation_id"],
                condition=models.Q(correlation_id__isnull=False),
                name="event_correlation",
            ),
            models.Index(fields=["tenant", "type", "created_at"], name="event_type"),
            models.Index(fields=["tenant", "client_ip", "created_at"], name="event_address"),
            models.Index(
                fields=["tenant", "created_at"], name="event_failure", condition=models.Q(success=False)
            ),
            models.Index(
                fields=["tenant", "actor_id", "created_at"],
                name="event_actor_failure",
                condition=models.Q(success=False),
            ),
            models.Index(
                fields=["tenant", "target_kind", "target_id", "created_at"],
                name="event_target_failure",
                condition=models.Q(success=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()}: {self.target_name or self.actor_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("The event log is append only.")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError("The event log is append only.")

    @property
    def reference(self) -> str:
        """Short enough to read out on the telephone; shown on error pages, found by the log's search."""
        return self.id.hex[:8].upper()


class EventSeal(TenantOwned):
    """A link of the tenant's hash chain. Made shortly after the event, so that writers never queue for the chain's end."""

    append_only = True

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="seal")
    sequence = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)  # hex SHA-256 over the previous digest and the event

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "sequence"], name="seal_sequence"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.digest}"


class EventCheckpoint(TenantOwned):
    """A signed statement: up to `sequence` the chain is as `digest` says. Whoever has the database cannot make one (checkpoints.py).

    With `archive`, {"first", "from", "to", "sha256"}: these `count` events are in a file of that digest, and may be here no more.
    """

    append_only = True

    number = models.PositiveBigIntegerField()  # 1, 2, 3 … of the tenant
    sequence = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    count = models.PositiveBigIntegerField()  # events since the last one, or in the archive
    made_at = models.DateTimeField()
    previous = models.CharField(
        max_length=64, blank=True
    )  # SHA-256 of the statement before, with its signature
    archive = models.JSONField(default=dict, blank=True)
    key = models.CharField(max_length=64)  # Ed25519, public, in hexadecimal
    signature = models.CharField(max_length=128)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "number"], name="checkpoint_number"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "sequence"], name="checkpoint_sequence"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.sequence} {self.digest}"


class EventRetention(TenantOwned):
    """How long an organisation keeps its events at hand, in months; without a row for ever. Older ones are archived (archiving)."""

    months = models.PositiveSmallIntegerField()

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant"], name="retention_once"),
        ]

    def __str__(self) -> str:
        return f"{self.months} months"
