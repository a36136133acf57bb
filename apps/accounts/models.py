from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.announcement_models import Announcement, ClosedAnnouncement
from apps.accounts.run_models import PeopleAct, PeopleRow, PeopleRun, RowOutcome, RunState
from apps.directory.models import User
from apps.lib.crypto import Sealed
from apps.lib.names import validate_text
from apps.tenants.models import TenantOwned

__all__ = [  # beside what is defined here
    "Announcement",
    "ClosedAnnouncement",
    "PeopleAct",
    "PeopleRow",
    "PeopleRun",
    "RowOutcome",
    "RunState",
]


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMINISTRATOR = "administrator", _("Administrator")
    HELP_DESK = "help_desk", _("Help desk")
    READ_ONLY = "read_only", _("Read only")


class Administrator(TenantOwned):
    """A person's role in the console. Granted here alone: never by a group, never by SCIM."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="administrator")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.ADMINISTRATOR)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["created_at"]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class FailedSignIn(TenantOwned):
    """One refused password. Counted per account and per address, in the database: works without Redis."""

    account_key = models.CharField(max_length=300)
    client_ip = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "account_key", "created_at"], name="failed_account"),
            models.Index(fields=["tenant", "client_ip", "created_at"], name="failed_address"),
        ]

    def __str__(self) -> str:
        return f"{self.account_key} from {self.client_ip}"


class ResetRequest(TenantOwned):
    """Somebody typed this name into "Password forgotten". Whether it is anybody's is found out by a worker, after the answer."""

    account_key = models.CharField(max_length=300)
    client_ip = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "created_at"], name="reset_request_recent"),
            models.Index(fields=["tenant"], condition=models.Q(answered_at=None), name="reset_request_open"),
        ]

    def __str__(self) -> str:
        return f"{self.account_key} from {self.client_ip}"


class LinkPurpose(models.TextChoices):
    RESET = "reset", _("New password")
    INVITATION = "invitation", _("Invitation")


class OneTimeLink(TenantOwned):
    """Lets whoever holds it set a person's password, once. Of its secret only the hash is kept, as of a password."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="one_time_links")
    purpose = models.CharField(max_length=20, choices=LinkPurpose.choices)
    key_id = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    account_digest = models.CharField(max_length=64)  # what the account was like: changed, the link is over
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "key_id"], name="one_time_link_key"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} of {self.user}"


class Authenticator(TenantOwned):
    """A person's authenticator app (TOTP, RFC 6238). It asks for nothing until a first code has confirmed it."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="authenticator")
    secret_sealed = models.BinaryField(editable=False, default=b"")
    last_step = models.BigIntegerField(default=0)  # of the last code taken: none is taken twice (section 5.2)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    secret = Sealed("secret_sealed")

    class Meta(TenantOwned.Meta):
        pass

    def __str__(self) -> str:
        return f"Authenticator app of {self.user}"


class SecondFactorRequest(TenantOwned):
    """Somebody was told that they must have a second factor: the days they have for it count from here, once and for all."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor_request")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        pass

    def __str__(self) -> str:
        return f"Second factor asked of {self.user}"


class RecoveryCode(TenantOwned):
    """One way in without the second factor, good once. Only a hash, keyed by SECRET_KEY, is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        return f"Recovery code of {self.user}"


class Passkey(TenantOwned):
    """A key pair that a person's device keeps; the public half of it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=100, validators=[validate_text])
    credential_id = models.CharField(max_length=1400)  # base64url of up to 1023 bytes
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)  # 0 for ever on devices that do not count
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "credential_id"], name="passkey_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PortalSession(TenantOwned):
    """What a person is told of one of their sessions. The session itself is Django's; when that is gone, this means nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="portal_sessions")
    handle = models.CharField(max_length=32)  # outlives every change of the session's key
    session_key = models.CharField(max_length=40)
    client_ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-last_seen_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "handle"], name="portal_session_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "session_key"], name="portal_session_key"),
        ]

    def __str__(self) -> str:
        return f"Session of {self.user}"
