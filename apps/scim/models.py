from typing import Any, ClassVar

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.directory.models import Group, User
from apps.directory.validators import fold, validate_text
from apps.scim.request_models import ReceivedRequest
from apps.tenants.models import Tenant, TenantOwned, TenantQuerySet, TenantScopedManager

__all__ = [
    "ExternalGroup",
    "ExternalIdentity",
    "PendingGroupLink",
    "PendingLink",
    "ReceivedRequest",
    "RequestBudget",
    "ScimToken",
    "SecondaryEmail",
    "Source",
    "SourceKind",
]


class SourceKind(models.TextChoices):
    """Which product calls: it chooses the guide, never what is accepted."""

    OKTA = "okta", "Okta"
    ENTRA = "entra", "Microsoft Entra ID"
    ONELOGIN = "onelogin", "OneLogin"
    JUMPCLOUD = "jumpcloud", "JumpCloud"
    OTHER = "other", _("Another identity provider")


class Source(TenantOwned):
    """An identity provider that pushes people in. It owns whom it created or was given, and it is who the event log names."""

    name = models.CharField(_("name"), max_length=120, validators=[validate_text])
    name_key = models.CharField(max_length=240, editable=False)
    kind = models.CharField(
        _("identity provider"), max_length=20, choices=SourceKind.choices, default=SourceKind.OTHER
    )
    invites = models.BooleanField(_("invite people"), default=True)  # by mail, to choose a password
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["name_key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "name_key"], name="source_name")
        ]

    def __str__(self) -> str:
        return self.name

    def fill_keys(self) -> None:
        self.name_key = self.key_of(self.name)

    @staticmethod
    def key_of(name: str) -> str:
        return fold(name)


class ScimTokenQuerySet(TenantQuerySet):
    def live(self) -> "ScimTokenQuerySet":
        return self.filter(  # type: ignore[no-any-return]
            Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None
        )

    def in_use(self) -> "ScimTokenQuerySet":
        """Of each source the one that it used last: of what nobody ever pasted, and of what was followed by another, nothing depends."""
        used = ScimToken.objects.filter(
            source=OuterRef("source"), revoked_at=None, last_used_at__isnull=False
        )
        newest = Subquery(used.order_by("-last_used_at", "-created_at").values("pk")[:1])
        return self.filter(pk=newest)  # type: ignore[no-any-return]


class ScimToken(TenantOwned):
    """What a source brings. Its secret was shown once; the row keeps the hash."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    key_id = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)  # hex SHA-256
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)  # to the minute
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    expiry_told = models.SmallIntegerField(
        null=True, blank=True, editable=False
    )  # of token_expiry's thresholds, in days: the nearest that was told

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(ScimTokenQuerySet)()

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.source} ({self.key_id}…)"

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def is_live(self) -> bool:
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired


class ExternalIdentity(TenantOwned):
    """
    This person belongs to this source: it created them, or an administrator gave them to it.

    `external_id` and `user_name` are what the source sent. The portal's own user name may differ: somebody else may have had it already.
    After a DELETE the row stays for a while (`deleted_at`), so that whoever comes back is the same person, under the same id. Its
    `user_name` is free meanwhile; its `external_id` is not, for that is who they are.
    """

    # Neither has an index of its own: the key of a source's people begins with the source, and SQLite would rather walk
    # along all of the tenant's than look a hundred people up by that key.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, editable=False, related_name="+", db_index=False
    )
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="identities", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="external_identities")
    external_id = models.CharField(max_length=255, blank=True, validators=[validate_text])
    user_name = models.CharField(max_length=150, validators=[validate_text])
    user_name_key = models.CharField(max_length=300, editable=False)
    created_person = models.BooleanField(default=True, editable=False)  # else they were linked
    claimed = models.BooleanField(
        default=True, editable=False
    )  # False from the link to the source's next write
    # [{"value": …, "type": …}] as the source told them, beside the company's address; SecondaryEmail finds by them
    secondary_emails = models.JSONField(default=list, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "external identities"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "user"], name="identity_once"),
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=~Q(external_id=""), name="identity_external_id"
            ),
            models.UniqueConstraint(
                fields=["source", "user_name_key"], condition=Q(deleted_at=None), name="identity_user_name"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["source", "deleted_at"], condition=~Q(deleted_at=None), name="identity_deleted"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or str(self.user)

    def fill_keys(self) -> None:
        self.user_name_key = fold(self.user_name)


class SecondaryEmail(TenantOwned):
    """What an identity's `secondary_emails` are found by: one row for each."""

    identity = models.ForeignKey(ExternalIdentity, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=300, editable=False)  # the folded address
    kind = models.CharField(max_length=40, blank=True, validators=[validate_text])  # its type: "home"

    class Meta(TenantOwned.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "key"], name="secondary_email_key")
        ]

    def __str__(self) -> str:
        return self.key


class PendingLink(TenantOwned):
    """A source wanted to create, or to change, somebody who is not its own: an administrator says whether it may."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="pending_links")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=255, blank=True, validators=[validate_text])  # as it was sent
    user_name = models.CharField(max_length=150, blank=True, validators=[validate_text])
    attempts = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField()
    rejected_at = models.DateTimeField(null=True, blank=True)  # it does not come back by itself

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-last_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "user"], name="pending_link_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.source})"


class ExternalGroup(TenantOwned):
    """This group belongs to this source: it created the group, or was given it. `external_id` is the source's own id."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="groups")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="external_groups")
    external_id = models.CharField(max_length=255, blank=True, validators=[validate_text])
    created_group = models.BooleanField(default=True, editable=False)  # else it was linked
    claimed = models.BooleanField(
        default=True, editable=False
    )  # False from the link to the source's next write
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "group"], name="external_group_once"),
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=~Q(external_id=""), name="external_group_id"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or str(self.group)


class PendingGroupLink(TenantOwned):
    """A source wanted to create, or to change, a group that is not its own: an administrator says whether it may."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="pending_group_links")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=255, blank=True, validators=[validate_text])  # as it was sent
    attempts = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField()
    rejected_at = models.DateTimeField(null=True, blank=True)  # it does not come back by itself

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-last_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "group"], name="pending_group_link_once")
        ]

    def __str__(self) -> str:
        return f"{self.group} ({self.source})"


class RequestBudget(TenantOwned):
    """What is left of the requests that a source may send (apps/scim/throttle.py); refilled with time."""

    source = models.OneToOneField(Source, on_delete=models.CASCADE, related_name="budget")
    left = models.FloatField()
    filled_at = models.FloatField()  # seconds since 1970

    def __str__(self) -> str:
        return f"{self.source}: {self.left:.0f}"
