"""What an application lists, while an administrator chooses whom of it to take in: one run, one row for each account there."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.directory.models import User
from apps.events.begun import BegunBySomebody
from apps.tenants.leases import Leased
from apps.tenants.models import TenantOwned, TenantQuerySet, TenantScopedManager


class ImportState(models.TextChoices):
    READING = "reading", _("Reading the accounts")
    READY = "ready", _("Ready to choose from")
    IMPORTING = "importing", _("Importing")
    FAILED = "failed", _("Could not be read")


class Import(Leased, BegunBySomebody):
    """One look at an application's accounts, and what was taken in of it. All numbers count rows.

    `actor_*` is who acts: whoever began it, then whoever chose last.
    """

    integration = models.ForeignKey(
        "provisioning.Integration", on_delete=models.CASCADE, related_name="imports"
    )
    base_url = models.CharField(max_length=2000)  # where the ids of the rows mean something
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.READING)
    # Reading: where it goes on, so that nothing but the page under way is lost with a worker.
    next_index = models.PositiveIntegerField(default=1)  # startIndex (RFC 7644 section 3.4.2.4)
    page_size = models.PositiveSmallIntegerField(default=100)  # 0: `count` is left out
    stale_pages = models.PositiveSmallIntegerField(default=0)  # in a row that brought nobody new
    total = models.PositiveIntegerField(default=0)  # as the application claims
    read = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0)  # entries without an id that can be kept
    # Importing: the latest selection.
    selection = models.PositiveIntegerField(default=0)  # how many there were
    selected = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    linked = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=1000, blank=True)  # why it stopped, or what is missing
    attempts = models.PositiveSmallIntegerField(default=0)  # failures in a row
    not_before = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[Any]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "not_before"], name="import_due"),
            models.Index(fields=["integration", "-created_at"], name="import_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.integration}: {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_under_way(self) -> bool:
        return self.state in {ImportState.READING, ImportState.IMPORTING}

    @property
    def done(self) -> int:
        """Of the latest selection."""
        return self.created + self.linked + self.refused

    @property
    def expected(self) -> int:
        """The claim, where it can be believed at all."""
        return max(self.total, self.read)


class RowState(models.TextChoices):
    NEW = "new", _("New")
    WAITING = "waiting", _("Waiting")
    IMPORTED = "imported", _("Imported")
    REFUSED = "refused", _("Cannot be imported")  # until it is changed in the application


NOT_IMPORTED = ~models.Q(state=RowState.IMPORTED)
IMPORTABLE = models.Q(state=RowState.NEW, problem="")


class ImportRowQuerySet(TenantQuerySet):
    def matching(self, text: str) -> "ImportRowQuerySet":
        words = models.Q()
        for word in text.split():
            words &= (
                models.Q(name__icontains=word)
                | models.Q(user_name__icontains=word)
                | models.Q(email__icontains=word)
            )
        return self.filter(words)  # type: ignore[no-any-return]

    def not_imported(self) -> "ImportRowQuerySet":
        return self.filter(NOT_IMPORTED)  # type: ignore[no-any-return]

    def importable(self) -> "ImportRowQuerySet":
        """New, and nothing known that would keep them out."""
        return self.filter(IMPORTABLE)  # type: ignore[no-any-return]


class ImportRow(TenantOwned):
    """One account there. Its texts are as they may be shown: signs that nobody can see are replaced."""

    run = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="+")
    remote_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True)
    user_name = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=255, blank=True)
    email_key = models.CharField(max_length=300, blank=True)
    active = models.BooleanField(null=True)  # None: the application does not say
    fields = models.JSONField(
        default=dict
    )  # of a new person here: names of apps.directory.actions.USER_FIELDS
    sent = models.JSONField(default=dict)  # SCIM path → value, as it is there
    state = models.CharField(max_length=10, choices=RowState.choices, default=RowState.NEW)
    problem = models.CharField(max_length=1000, blank=True)  # a sentence for people
    selection = models.PositiveIntegerField(default=0)  # the last one that it was part of
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)  # in the order of the application's list

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(ImportRowQuerySet)()

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["created_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "remote_id"], name="import_row_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["run", "created_at", "id"], name="import_row_order"),
            models.Index(fields=["run", "state", "created_at"], name="import_row_state"),
            models.Index(fields=["run", "email_key"], name="import_row_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.user_name or self.email or self.remote_id
