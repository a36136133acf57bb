import uuid
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import DatabaseError, models

from apps.lib.names import validate_text
from apps.lib.places import validate_language, validate_timezone
from apps.tenants import lookups
from apps.tenants.context import current_tenant_id, in_tenant
from apps.tenants.errors import TenantError

# Lower-case letters, digits, hyphens: Okta refuses "_" in a SCIM base URL (facts of the callers, docs/scim).
slug_validator = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z", "Use lower-case letters, digits and hyphens."
)


class Tenant(models.Model):
    """One customer. Everything else in the database belongs to exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=63, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=120, validators=[validate_text])
    active = models.BooleanField(default=True)
    # What holds for whoever has chosen nothing: "" is the browser's language, and the installation's zone.
    language = models.CharField(max_length=10, blank=True, validators=[validate_language])
    timezone = models.CharField(max_length=60, blank=True, validators=[validate_timezone])
    logo_key = models.CharField(max_length=16, blank=True, editable=False)  # of its picture; "" is none
    # Goes up with every change of whom a second factor is required: sessions that are open are judged anew (accounts.second_factors).
    second_factor_version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Everything it owns goes too, and only in it may that be seen."""
        with in_tenant(self.id):
            return super().delete(*args, **kwargs)


class TenantQuerySet(models.QuerySet[Any]):
    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        rows = list(objs)  # a generator would be used up before Django sees it
        for row in rows:
            row.take_tenant()
        return super().bulk_create(rows, *args, **kwargs)


class TenantScopedManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Sees the rows of the tenant in context and refuses to run outside one (NoTenantError)."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(tenant_id=current_tenant_id())

    def checked(self, **conditions: Any) -> Any:
        """The same rows, for whoever filters by keys: they are found by those alone, and then checked for `conditions` and their tenant."""
        held = models.Q(tenant_id=current_tenant_id(), **conditions)
        return super().get_queryset().filter(lookups.Checked(held))


def tenant_of_the_parent() -> Any:
    """In place of TenantOwned.tenant, for rows that are written by the thousand and belong to another one of the same tenant: that has the
    constraint, which here would be looked up for each of them, and nobody asks for all of a tenant's.
    """
    return models.ForeignKey(
        Tenant,
        on_delete=models.CASCADE,
        editable=False,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )


class TenantOwned(models.Model):
    """Base of every model that belongs to a customer: opaque id, its tenant, a manager that sees nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, editable=False, related_name="+")

    objects: ClassVar[Any] = TenantScopedManager()
    unscoped: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "unscoped"

    def take_tenant(self) -> None:
        """A new row belongs to the tenant in context; a row never moves, nor is it written from another tenant."""
        tenant_id = current_tenant_id()
        if self.tenant_id is None:
            self.tenant_id = tenant_id
        if self.tenant_id != tenant_id:
            raise TenantError("This row belongs to another tenant.")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A row that was read is changed, and never brought back. Raises DoesNotExist where somebody else deleted it meanwhile."""
        self.take_tenant()
        changes = not (self._state.adding or kwargs.get("force_insert"))
        if changes and kwargs.get("update_fields") is None:
            kwargs["force_update"] = True
        try:
            super().save(*args, **kwargs)
        except DatabaseError as error:
            if not changes or error.__cause__ is not None:  # what the database itself says has one
                raise
            raise type(self).DoesNotExist from error


class TenantLogo(TenantOwned):
    """The picture, apart from the row that every request reads."""

    picture = models.BinaryField(editable=False)  # PNG, as apps.lib.pictures writes it

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant"], name="tenant_logo_once"),
        ]

    def __str__(self) -> str:
        return f"Logo of {self.tenant}"
