from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.applications.catalog import ScimDialect
from apps.applications.models import Application
from apps.directory.models import Group, User
from apps.events.begun import BegunBySomebody
from apps.lib.crypto import Sealed
from apps.outbox.attempts import RequestAttempt
from apps.provisioning import capabilities, mapping
from apps.provisioning.comparison_models import Comparison
from apps.provisioning.import_models import Import, ImportRow, ImportState, RowState
from apps.provisioning.plan_models import PlannedChange, PreparedPlan
from apps.tenants.models import TenantOwned, TenantQuerySet, TenantScopedManager, tenant_of_the_parent

__all__ = [  # beside what is defined here
    "Comparison",
    "Import",
    "ImportRow",
    "ImportState",
    "PlannedChange",
    "PreparedPlan",
    "RowState",
]


class Deprovisioning(models.TextChoices):
    """What happens to the account of somebody who no longer has the application."""

    KEEP = "keep", _("Leave the account as it is")
    SUSPEND = "suspend", _("Deactivate the account")
    DELETE = "delete", _("Deactivate the account, and delete it after some days")


class IntegrationState(models.TextChoices):
    CONFIGURED = "configured", _("Not active")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused by an administrator")
    QUARANTINED = "quarantined", _("Quarantined: left alone until it is well again")


class QuarantineReason(models.TextChoices):
    TOKEN = "token", _("The token is refused")
    FAILURES = "failures", _("Most requests fail")


class Integration(TenantOwned):
    """Identity Management of one application: where its SCIM service is, with which token, and how it is doing."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="integration")
    base_url = models.CharField(_("base URL"), max_length=2000)
    token_sealed = models.BinaryField(default=b"", editable=False)
    token = Sealed("token_sealed")
    token_hint = models.CharField(max_length=4, blank=True, editable=False)  # the last four characters
    manage_groups = models.BooleanField(_("manage groups and their members"), default=False)
    deprovisioning = models.CharField(
        max_length=10, choices=Deprovisioning.choices, default=Deprovisioning.SUSPEND
    )
    delete_after_days = models.PositiveSmallIntegerField(default=30)
    mapping = models.JSONField(
        default=dict, blank=True
    )  # apps.provisioning.mapping: differences by SCIM path
    sync_passwords = models.BooleanField(_("send passwords that are set here"), default=False)
    capabilities = models.JSONField(
        default=dict, blank=True
    )  # apps.provisioning.capabilities; {}: it told none
    state = models.CharField(
        max_length=12, choices=IntegrationState.choices, default=IntegrationState.CONFIGURED
    )
    width = models.PositiveSmallIntegerField(default=8)  # requests in flight at the most
    rate = models.FloatField(default=0)  # requests a second at the most; 0: as many as the width lets through
    updates_by_put = models.BooleanField(default=False)  # learnt: PATCH answered 405 or 501
    last_verified_at = models.DateTimeField(null=True, blank=True)
    last_verification = models.CharField(max_length=255, blank=True)  # "GET /Users?… → 200 in 212 ms"
    consecutive_auth_failures = models.PositiveIntegerField(default=0)
    consecutive_failures = models.PositiveIntegerField(default=0)
    quarantine_reason = models.CharField(max_length=8, choices=QuarantineReason.choices, blank=True)
    probes = models.PositiveSmallIntegerField(default=0)  # since the quarantine began
    relapses = models.PositiveSmallIntegerField(default=0)  # quarantines that followed soon upon a resumption
    resumed_at = models.DateTimeField(null=True, blank=True)  # when the last quarantine ended
    held_told_at = models.DateTimeField(null=True, blank=True)  # that removals wait for a decision
    not_before = models.DateTimeField(null=True, blank=True)  # Retry-After, open circuit, next probe
    last_problem = models.CharField(
        max_length=1000, blank=True
    )  # why not_before was set, in words for people
    busy_token = models.UUIDField(
        null=True, blank=True, editable=False
    )  # one worker at a time keeps the width true
    busy_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "not_before"], name="integration_state"),
        ]

    def __str__(self) -> str:
        return str(self.application)

    @property
    def dialect(self) -> ScimDialect:
        """With this integration's mapping. Raises ValueError for a connector without SCIM: such an application has no integration."""
        scim = self.application.connector.scim
        if scim is None:
            raise ValueError(f"{self.application.connector_key} has no Identity Management.")
        return capabilities.heeded(mapping.effective(scim, self.mapping), self.capabilities)

    @property
    def is_active(self) -> bool:
        return self.state == IntegrationState.ACTIVE

    @property
    def is_paused(self) -> bool:
        return self.not_before is not None and self.not_before > timezone.now()

    @property
    def groups_managed(self) -> bool:
        return self.manage_groups and self.dialect.supports_groups


class RemoteUser(TenantOwned):
    """What we last told an application about a person, and the account's id there. Outlives the person."""

    # Here and below, no index of its own where another one begins with the same column, or nobody asks by it.
    tenant = tenant_of_the_parent()
    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="remote_users", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    name = models.CharField(max_length=255)  # of the person, for when they are gone
    remote_id = models.CharField(max_length=255)
    sent = models.JSONField(default=dict)  # SCIM path → value, as last sent or read back
    active = models.BooleanField(default=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    linked = models.BooleanField(default=False)  # the account was there before us
    # False: imported, and left as it is until the person is in a bound group for the first time
    managed = models.BooleanField(default=True)
    last_success_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["integration", "user"], name="remote_user_once"),
            # Two people on one account would be an account takeover.
            models.UniqueConstraint(fields=["remote_id", "integration"], name="remote_user_id"),
        ]

    def __str__(self) -> str:
        return self.name


class RemoteGroup(TenantOwned):
    """What we last told an application about a group, and its id there."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="remote_groups", db_index=False
    )
    group = models.ForeignKey(Group, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    name = models.CharField(max_length=255)
    remote_id = models.CharField(max_length=255)
    # {"displayName": …, "members": [remote ids] or null where we do not know}
    sent = models.JSONField(default=dict)
    managed = models.BooleanField(
        default=True
    )  # False once let go: never changed or deleted there by us again
    linked = models.BooleanField(default=False)
    last_success_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["integration", "group"], name="remote_group_once"),
            models.UniqueConstraint(fields=["integration", "remote_id"], name="remote_group_id"),
        ]

    def __str__(self) -> str:
        return self.name


class PasswordToSend(TenantOwned):
    """A password that was set a moment ago, for one application: destroyed once it was sent, refused or is too old."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    password_sealed = models.BinaryField(default=b"", editable=False)
    password = Sealed("password_sealed")
    expires_at = models.DateTimeField(db_index=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["integration", "user"], name="password_to_send_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} @ {self.integration_id}"


class ResourceKind(models.TextChoices):
    USER = "user", _("User")
    GROUP = "group", _("Group")


class JobState(models.TextChoices):
    PENDING = "pending", _("Pending")
    RUNNING = "running", _("Running")
    DONE = "done", _("In sync")
    DROPPED = "dropped", _("Cancelled: waits for a change or the next comparison")
    PARKED = "parked", _("Failing: waits for a change or a retry")
    HELD = "held", _("Held for approval")
    KEPT = "kept", _("Kept: an administrator decided so")


class SynchronizationState(models.TextChoices):
    PLANNING = "planning", _("The plan is being checked")
    RUNNING = "running", _("Under way")
    DONE = "done", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", _("Not begun")


class Synchronization(TenantOwned, BegunBySomebody):
    """Everybody was compared because somebody said so. `left`, `failed` and `held` are as it ended.

    With many people a worker makes the plan first (`PreparedPlan`), and nothing is raised or sent before that.
    """

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="synchronizations")
    cause = models.CharField(max_length=10)  # request or activation
    planned = models.JSONField(default=dict)  # {"users": {operation: how many}, "groups": …}
    problem = models.CharField(max_length=1000, blank=True)  # why it was not begun, in words for people
    state = models.CharField(
        max_length=10, choices=SynchronizationState.choices, default=SynchronizationState.RUNNING
    )
    total = models.PositiveIntegerField(null=True, blank=True)  # people and groups that are compared
    left = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["integration", "-created_at"], name="synchronization_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.integration}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in {SynchronizationState.PLANNING, SynchronizationState.RUNNING}


class Priority(models.IntegerChoices):
    """Lower goes first. A guess made when the job is raised; the plan decides."""

    GROUP_FIRST = 5  # where people have to leave their groups before they are deactivated
    DEACTIVATE = 10
    REACTIVATE = 20
    UPDATE = 30
    CREATE = 40
    GROUP = 50


PENDING = models.Q(state=JobState.RUNNING) | models.Q(state=JobState.PENDING, attempts=0)
FAILING = models.Q(state=JobState.PARKED) | models.Q(state=JobState.PENDING, attempts__gt=0)


class JobQuerySet(TenantQuerySet):
    def pending(self) -> "JobQuerySet":
        """Owed and on its way: waiting or under way, without a failure behind it."""
        return self.filter(PENDING)  # type: ignore[no-any-return]

    def failing(self) -> "JobQuerySet":
        """Failing now: parked, or tried at least once without success."""
        return self.filter(FAILING)  # type: ignore[no-any-return]


class Job(TenantOwned):
    """Work owed: compare this resource with that application. Says who to compare, never what to send."""

    tenant = tenant_of_the_parent()
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=5, choices=ResourceKind.choices)
    resource_id = models.UUIDField()
    resource_name = models.CharField(max_length=255, blank=True)
    # Of the newest request that asked for it (apps/lib/correlation.py).
    correlation_id = models.UUIDField(null=True, editable=False)
    desired_version = models.PositiveBigIntegerField(default=0)
    claimed_version = models.PositiveBigIntegerField(default=0)
    done_version = models.PositiveBigIntegerField(default=0)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.UPDATE)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.PENDING)
    attempts = models.PositiveIntegerField(default=0)  # in a row without success
    hastened = models.PositiveSmallIntegerField(default=0)  # of these: back-offs that were cut short
    next_at = models.DateTimeField(null=True, blank=True)  # of a done job: when it is looked at again
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    read_back = models.BooleanField(default=False)  # the last write's fate is unknown
    # SCIM path → value of an account that is being created: it may be there although we know no id of it.
    expected = models.JSONField(null=True, blank=True)
    approved = models.BooleanField(
        default=False
    )  # an administrator let this removal pass the mass-removal guard
    # When it became owed that access is taken away, and why an administrator decided against it (removals.py).
    removal_since = models.DateTimeField(null=True, blank=True)
    kept_because = models.CharField(max_length=32, blank=True)
    # The latest that is about it, and the desired version it asked for: 0 where that was owed anyway.
    synchronization = models.ForeignKey(
        Synchronization, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sync_version = models.PositiveBigIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)  # HTTP
    last_error = models.CharField(max_length=1000, blank=True)  # the application's own words
    last_success_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(JobQuerySet)()

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # The resource first: what is owed about one person is asked for as well.
            models.UniqueConstraint(fields=["resource_id", "integration", "kind"], name="job_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["integration", "priority", "next_at"],
                condition=models.Q(state="pending"),
                name="job_due",
            ),
            models.Index(fields=["integration", "state", "next_at"], name="job_state"),
            models.Index(fields=["state", "next_at"], name="job_sweep"),
        ]

    def __str__(self) -> str:
        return self.resource_name or str(self.resource_id)


class Outcome(models.TextChoices):
    SUCCEEDED = "succeeded", _("Succeeded")
    PERMANENT = "permanent", _("Refused")
    PASSING = "passing", _("Failed for now")
    AMBIGUOUS = "ambiguous", _("Unknown: will be read back")
    AUTH = "auth", _("Token refused")


class Attempt(RequestAttempt):
    """One try at a job, with every request of it once: `method` to `answer` are read from the last one, which decided, and `status` is its."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="tries", db_index=False)
    operation = models.CharField(max_length=20)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    # [{method, path relative to the base URL, status, seconds, request, answer}], in order (wire.Step).
    steps = models.JSONField(default=list)

    class Meta(RequestAttempt.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["job", "-created_at"], name="attempt_newest"),
            models.Index(fields=["created_at"], name="attempt_created"),
        ]

    def __str__(self) -> str:
        return f"{self.operation}: {self.outcome}"

    @property
    def method(self) -> str:
        return str(self._last.get("method", ""))

    @property
    def path(self) -> str:
        return str(self._last.get("path", ""))

    @property
    def seconds(self) -> float:
        return float(self._last.get("seconds", 0))

    @property
    def request(self) -> dict[str, Any] | None:
        """The body, secrets masked."""
        found: dict[str, Any] | None = self._last.get("request")
        return found

    @property
    def answer(self) -> str:
        return str(self._last.get("answer", ""))

    @property
    def _last(self) -> dict[str, Any]:
        return self.steps[-1] if self.steps else {}
