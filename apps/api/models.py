from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Administrator
from apps.directory.validators import validate_text
from apps.tenants.models import TenantOwned


class ApiKey(TenantOwned):
    """What a script brings: it may do what its administrator may do, as long as they are one. The row keeps the hash."""

    owner = models.ForeignKey(Administrator, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=120, validators=[validate_text])
    key_id = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)  # hex SHA-256
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)  # to the minute
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantOwned.Meta):
        verbose_name = "API key"
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return self.name
