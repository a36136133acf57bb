"""One act on many people, or a file of them: reviewed first, then done row by row, and kept with what came of each."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.directory.models import Group, User
from apps.events.begun import BegunBySomebody
from apps.tenants.leases import Leased
from apps.tenants.models import TenantOwned, TenantQuerySet, TenantScopedManager


class PeopleAct(models.TextChoices):
    DEACTIVATE = "deactivate", _("Deactivate")
    REACTIVATE = "reactivate", _("Reactivate")
    JOIN = "join", _("Add to a user group")
    LEAVE = "leave", _("Remove from a user group")
    INVITE = "invite", _("Send an invitation or a reset link")
    IMPORT = "import", _("Import")


class RunState(models.TextChoices):
    CHECKING = "checking", _("Being checked")
    REVIEW = "review", _("Waits for you")
    WORKING = "working", _("Under way")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


class PeopleRun(Leased, BegunBySomebody):
    """All numbers count rows. `actor_*` is who acts: whoever prepared it, then whoever started it."""

    act = models.CharField(max_length=12, choices=PeopleAct.choices)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.REVIEW)
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    group_name = models.CharField(max_length=100, blank=True)  # as it was called when it was chosen
    invites = models.BooleanField(default=False)  # an import's people get a mail
    file_name = models.CharField(max_length=255, blank=True)
    told = models.JSONField(default=dict)  # of the file: {"encoding": "cp1252", "ignored": ["shoe size"]}
    total = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "-created_at"], name="people_run_newest"),
            models.Index(
                fields=["lease_until"],
                condition=Q(state__in=("checking", "working")),
                name="people_run_due",
            ),
        ]

    def __str__(self) -> str:
        name = str(self.get_act_display())
        return f"{name}: {self.group_name or self.file_name}" if self.group_name or self.file_name else name

    @property
    def is_under_way(self) -> bool:
        return self.state in {RunState.CHECKING, RunState.WORKING}

    @property
    def finished(self) -> int:
        """Rows that had their turn."""
        return self.done + self.unchanged + self.refused

    @property
    def left(self) -> int:
        return self.total - self.finished


class RowOutcome(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")
    UNCHANGED = "unchanged", _("Nothing to do")
    REFUSED = "refused", _("Not done")


class PeopleRowQuerySet(TenantQuerySet):
    def matching(self, text: str) -> "PeopleRowQuerySet":
        words = Q()
        for word in text.split():
            words &= Q(name__icontains=word) | Q(email_key__icontains=word)
        return self.filter(words)  # type: ignore[no-any-return]


class PeopleRow(TenantOwned):
    """One person of a run. `position` is the line of the file, or counts from 1."""

    run = models.ForeignKey(PeopleRun, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=255, blank=True)
    username_key = models.CharField(max_length=300, blank=True)
    email_key = models.CharField(max_length=300, blank=True)
    fields = models.JSONField(default=dict)  # of a new person: names of apps.directory.actions.USER_FIELDS
    groups = models.JSONField(default=list)  # of a new person: names, then ids once they are checked
    outcome = models.CharField(max_length=10, choices=RowOutcome.choices, default=RowOutcome.WAITING)
    problem = models.CharField(max_length=1000, blank=True)  # a sentence for people

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(PeopleRowQuerySet)()

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "position"], name="people_row_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["run", "outcome", "position"], name="people_row_outcome"),
            models.Index(fields=["run", "email_key"], name="people_row_email"),
            models.Index(fields=["run", "username_key"], name="people_row_username"),
        ]

    def __str__(self) -> str:
        return self.name
