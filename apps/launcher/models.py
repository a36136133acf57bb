from typing import ClassVar

from django.db import models

from apps.applications.models import Application
from apps.directory.models import User
from apps.tenants.models import TenantOwned


class Shortcut(TenantOwned):
    """How one person keeps one application in their launcher. Without a row it stands in the order of its label."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    favourite = models.BooleanField(default=False)
    position = models.PositiveIntegerField(null=True, blank=True)  # in the person's own order, from 0
    opened_at = models.DateTimeField(null=True, blank=True)  # last, from the launcher

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "application"], name="shortcut_once"),
        ]

    def __str__(self) -> str:
        return f"{self.application} of {self.user}"
