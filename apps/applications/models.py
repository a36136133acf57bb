from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.applications.catalog import CATALOG, Connector
from apps.directory.models import Group, User
from apps.directory.validators import validate_text
from apps.tenants.models import TenantOwned, TenantQuerySet, TenantScopedManager

validate_slug = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z", _("Use lower-case letters, digits and hyphens.")
)


class Colour(models.TextChoices):
    """Tile colours: CSS classes of the launcher, each with white letters at 4.5:1 or more."""

    BLUE = "blue", _("Blue")
    TEAL = "teal", _("Teal")
    GREEN = "green", _("Green")
    AMBER = "amber", _("Amber")
    RED = "red", _("Red")
    PLUM = "plum", _("Plum")
    VIOLET = "violet", _("Violet")
    SLATE = "slate", _("Slate")


class ApplicationQuerySet(TenantQuerySet):
    def assigned_to(self, user: User) -> "ApplicationQuerySet":
        """What the person's groups open. Nobody has access until a group is bound."""
        return self.filter(active=True, assignments__group__members=user).distinct()  # type: ignore[no-any-return]

    def shown(self) -> "ApplicationQuerySet":
        return self.filter(show_in_launcher=True)  # type: ignore[no-any-return]


class Application(TenantOwned):
    """An application of the tenant: what the catalogue's connector became for this customer."""

    connector_key = models.CharField(max_length=40, editable=False)
    slug = models.CharField(
        max_length=63, validators=[validate_slug], editable=False
    )  # the SSO IdP URL: fixed for good
    display_label = models.CharField(_("display label"), max_length=120, validators=[validate_text])
    description = models.CharField(_("description"), max_length=256, blank=True, validators=[validate_text])
    logo = models.BinaryField(
        blank=True, default=b"", editable=False
    )  # PNG, decoded and written again on upload
    colour = models.CharField(_("colour"), max_length=20, choices=Colour.choices, blank=True)
    show_in_launcher = models.BooleanField(_("show in launcher"), default=True)
    active = models.BooleanField(default=True)  # False after "Deactivate SSO" or "Deactivate Bookmark"
    parameters = models.JSONField(default=dict, blank=True)
    bookmark_url = models.URLField(_("bookmark URL"), max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    groups = models.ManyToManyField(Group, through="Assignment", related_name="applications")

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(ApplicationQuerySet)()

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["display_label"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="application_slug"),
        ]

    def __str__(self) -> str:
        return self.display_label

    @property
    def connector(self) -> Connector:
        return CATALOG[self.connector_key]

    @property
    def is_bookmark(self) -> bool:
        return self.connector.is_bookmark

    def filled(self, template: str) -> str:
        return self.connector.fill(template, self.parameters)


class Assignment(TenantOwned):
    """This group may use this application."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="assignments")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="assignments")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "group"], name="assignment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.group} → {self.application}"


class FormerAssignment(TenantOwned):
    """This group was taken from this application. Outlives the group: what was let go while the group was here must not be
    deleted in the application because the group is deleted later (seed: Disassociate).
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "group"], name="former_assignment_once"),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} ↛ {self.application}"
