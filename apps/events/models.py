from typing import Any, ClassVar, NoReturn

from django.db import models

from apps.events.types import EventType
from apps.tenants.models import Tenant, TenantOwned, TenantQuerySet, TenantScopedManager

SEARCHED = ("actor_name", "target_name", "application_name", "client_ip", "error_message")


class AppendOnlyError(Exception):
    """Somebody tried to change or delete a line of the event log."""


class EventQuerySet(TenantQuerySet):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError("The event log is append only.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("The event log is append only.")

    def about(self, kind: str, thing_id: Any) -> "EventQuerySet":
        """Everything about one user, group or application, in whatever role it appears."""
        about = models.Q(target_kind=kind, target_id=str(thing_id))
        if kind == "application":
            about |= models.Q(application_id=str(thing_id))
        if kind == "user":
            about |= models.Q(actor_kind__in=("administrator", "person"), actor_id=str(thing_id))
        return self.filter(about)  # type: ignore[no-any-return]

    def matching(self, text: str) -> "EventQuerySet":
        """The log's search: names, addresses, the applications' own words, and the reference that error pages show."""
        words = models.Q()
        for word in text.split():
            found = models.Q(id__istartswith=word) | models.Q(message_chain__icontains=word)
            for field in SEARCHED:
                found |= models.Q(**{f"{field}__icontains": word})
            words &= found
        return self.filter(words)  # type: ignore[no-any-return]


class Event(TenantOwned):
    """One line of the log: append only; actor, target and application are snapshots, not references."""

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
    error_message = models.TextField(blank=True)
    # {"response_code", "response_message", "message_details"}: the application's own words (seeds, "SCIM DI Events")
    message_chain = models.JSONField(default=dict, blank=True)
    changes = models.JSONField(default=list, blank=True)  # [{"field", "from", "to"}], never a secret
    details = models.JSONField(default=dict, blank=True)

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(EventQuerySet)()

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="event_newest"),
            models.Index(fields=["tenant", "target_kind", "target_id", "-created_at"], name="event_target"),
            models.Index(fields=["tenant", "application_id", "-created_at"], name="event_application"),
            models.Index(fields=["tenant", "actor_id", "-created_at"], name="event_actor"),
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

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="seal")
    sequence = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)  # hex SHA-256 over the previous digest and the event

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "sequence"], name="seal_sequence"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.digest}"
