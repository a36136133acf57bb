from typing import ClassVar

from django.db import models

from apps.directory.models import User
from apps.tenants.models import TenantOwned


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    HELP_DESK = "help_desk", "Help desk"
    READ_ONLY = "read_only", "Read only"


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
