from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.directory.models import User
from apps.directory.validators import validate_text
from apps.tenants.models import TenantOwned, TenantQuerySet, TenantScopedManager


class ScimTokenQuerySet(TenantQuerySet):
    def live(self) -> "ScimTokenQuerySet":
        return self.filter(  # type: ignore[no-any-return]
            Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None
        )


class ScimToken(TenantOwned):
    """What an identity provider brings. Its secret was shown once; the row keeps the hash."""

    name = models.CharField(_("name"), max_length=120, validators=[validate_text])
    key_id = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)  # hex SHA-256
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)  # to the minute
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(ScimTokenQuerySet)()

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired


class ExternalIdentity(TenantOwned):
    """This person belongs to this token: it created them, or was given them. `external_id` is the caller's own id."""

    token = models.ForeignKey(ScimToken, on_delete=models.CASCADE, related_name="identities")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="external_identities")
    external_id = models.CharField(max_length=255, blank=True, validators=[validate_text])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "external identities"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["token", "user"], name="identity_once"),
            models.UniqueConstraint(
                fields=["token", "external_id"], condition=~Q(external_id=""), name="identity_external_id"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or str(self.user)
