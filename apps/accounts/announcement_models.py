from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.directory.models import User
from apps.lib.names import validate_text
from apps.tenants.models import TenantOwned


class Announcement(TenantOwned):
    """What the launcher tells everybody, as plain text. One row at most; another text is another row, so nobody has closed it yet."""

    text = models.CharField(_("text"), max_length=300, validators=[validate_text])
    until = models.DateField(_("until"), null=True, blank=True)  # the last day; None: until it is taken away
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant"], name="announcement_once"),
        ]

    def __str__(self) -> str:
        return self.text


class ClosedAnnouncement(TenantOwned):
    """Somebody has read it and wants to see it no longer."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="+")

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "announcement"], name="announcement_closed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.announcement}, closed by {self.user}"
