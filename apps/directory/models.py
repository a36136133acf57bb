from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from apps.directory.validators import fold, validate_language, validate_text, validate_timezone
from apps.tenants.indexes import PostgreSQLIndex
from apps.tenants.models import Tenant, TenantOwned, TenantQuerySet, TenantScopedManager


class UserQuerySet(TenantQuerySet):
    def active(self) -> "UserQuerySet":
        return self.filter(active=True)  # type: ignore[no-any-return]

    def matching(self, text: str) -> "UserQuerySet":
        """The list page's search: user name, e-mail, and the names people know."""
        words = models.Q()
        for word in text.split():
            words &= (
                models.Q(username__icontains=word)
                | models.Q(email__icontains=word)
                | models.Q(first_name__icontains=word)
                | models.Q(last_name__icontains=word)
                | models.Q(display_name__icontains=word)
            )
        return self.filter(words)  # type: ignore[no-any-return]

    def named(self, username_or_email: str) -> "UserQuerySet":
        """Who signs in with it. An address that is somebody else's already is no name of theirs."""
        key = fold(username_or_email)
        held = models.Q(email_key=key, shares_email=False)
        return self.filter(models.Q(username_key=key) | held)  # type: ignore[no-any-return]

    def holding(self, *email_keys: str) -> "UserQuerySet":
        """Whose own these addresses are: one person each."""
        return self.filter(email_key__in=email_keys, shares_email=False)  # type: ignore[no-any-return]


class User(TenantOwned, AbstractBaseUser):
    """A person. Written only by directory.actions."""

    # The indexes below begin with it, as does the key of the user names.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, editable=False, related_name="+", db_index=False
    )
    username = models.CharField(_("username"), max_length=150, validators=[validate_text])
    username_key = models.CharField(max_length=300, editable=False)
    email = models.EmailField(_("company email"), max_length=254, validators=[validate_text])
    email_key = models.CharField(max_length=300, editable=False)
    # Somebody else holds the address: letters go there, but it signs this person in nowhere (docs/decisions/0028).
    shares_email = models.BooleanField(default=False, editable=False)
    first_name = models.CharField(_("first name"), max_length=120, blank=True, validators=[validate_text])
    last_name = models.CharField(_("last name"), max_length=120, blank=True, validators=[validate_text])
    display_name = models.CharField(_("display name"), max_length=240, blank=True, validators=[validate_text])
    job_title = models.CharField(_("job title"), max_length=120, blank=True, validators=[validate_text])
    work_phone = models.CharField(_("work phone"), max_length=60, blank=True, validators=[validate_text])
    mobile_phone = models.CharField(_("mobile phone"), max_length=60, blank=True, validators=[validate_text])
    timezone = models.CharField(_("time zone"), max_length=60, blank=True, validators=[validate_timezone])
    language = models.CharField(
        _("language"), max_length=10, blank=True, validators=[validate_language]
    )  # of the portal's pages and letters; blank: as the browser asks
    employee_number = models.CharField(
        _("employee number"), max_length=120, blank=True, validators=[validate_text]
    )
    department = models.CharField(_("department"), max_length=120, blank=True, validators=[validate_text])
    division = models.CharField(_("division"), max_length=120, blank=True, validators=[validate_text])
    organization = models.CharField(_("organization"), max_length=120, blank=True, validators=[validate_text])
    cost_center = models.CharField(_("cost center"), max_length=120, blank=True, validators=[validate_text])
    # As it was told: a person's id here, or the id that the identity provider knows the manager by. Not a reference:
    # people arrive before their managers.
    manager = models.CharField(_("manager"), max_length=255, blank=True, validators=[validate_text])
    active = models.BooleanField(_("active"), default=True)
    password_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    password_expires_at = models.DateTimeField(null=True, blank=True)
    session_epoch = models.PositiveIntegerField(
        default=0, editable=False
    )  # raised when the person leaves: old sessions never revive
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = TenantScopedManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["username_key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "username_key"], name="user_username"),
            models.UniqueConstraint(
                fields=["tenant", "email_key"], condition=models.Q(shares_email=False), name="user_email"
            ),
        ]
        # A SCIM list is in order of arrival: its first page must not cost the whole table.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "created_at", "id"], name="user_oldest"),
            # By the name or the address alone, for questions that are only checked for their tenant (TenantScopedManager.checked).
            # SQLite takes the constraint on tenant and name for those, whatever it knows of the table.
            PostgreSQLIndex(fields=["username_key"], name="user_name"),
            models.Index(fields=["email_key"], name="user_address"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django's name for it
        return self.active

    @property
    def own_email(self) -> str:
        """The address that stands for this person and for nobody else; "" where somebody else holds it."""
        return "" if self.shares_email else self.email

    @property
    def full_name(self) -> str:
        return self.display_name or f"{self.first_name} {self.last_name}".strip()

    def get_session_auth_hash(self) -> str:
        return self._session_hash()

    def get_session_auth_fallback_hash(self) -> Any:
        yield self._session_hash()

    def _session_hash(self) -> str:
        return salted_hmac(
            "gatehouse.session", f"{self.password}:{self.session_epoch}", algorithm="sha256"
        ).hexdigest()

    def fill_keys(self) -> None:
        self.username_key = fold(self.username)
        self.email_key = fold(self.email)


class Headcount(TenantOwned):
    """How many people there are: the sum over the tenant's rows. Triggers write them (apps/directory/headcount.py), and nobody else."""

    # The index below begins with it.
    tenant = models.ForeignKey(
        Tenant, on_delete=models.CASCADE, editable=False, related_name="+", db_index=False
    )
    since = models.DateTimeField()  # on SQLite: they came then or later, and before the next row's
    people = models.IntegerField()  # on PostgreSQL below 0 in one row, if more went by it than came
    gone = models.BigIntegerField(default=0)  # on PostgreSQL: how many went by it

    class Meta(TenantOwned.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "since"], name="headcount_since")
        ]

    def __str__(self) -> str:
        return f"{self.people} since {self.since}"


class Group(TenantOwned):
    """A user group: what gives people access to applications."""

    name = models.CharField(
        _("name"), max_length=100, validators=[validate_text]
    )  # Pulumi's teams end at 100
    name_key = models.CharField(max_length=200, editable=False)
    description = models.CharField(_("description"), max_length=256, blank=True, validators=[validate_text])
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    members = models.ManyToManyField(User, through="Membership", related_name="user_groups")

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["name_key"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant", "name_key"], name="group_name"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "created_at", "id"], name="group_oldest")
        ]

    def __str__(self) -> str:
        return self.name

    def fill_keys(self) -> None:
        self.name_key = fold(self.name)


class Membership(TenantOwned):
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["group", "user"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ∈ {self.group}"


class SecondFactor(models.TextChoices):
    OPTIONAL = "optional", _("Nobody: whoever wants one sets it up")
    OWNERS = "owners", _("Owners")
    ADMINISTRATORS = "administrators", _("Everybody with a role in the console")
    EVERYBODY = "everybody", _("Everybody")


class SignInPolicy(TenantOwned):
    """What an organisation asks of its people's sign-ins. One row; without one the defaults hold (directory.policies)."""

    minimum_length = models.PositiveSmallIntegerField(
        _("shortest password"), default=8, validators=[MinValueValidator(8), MaxValueValidator(128)]
    )
    refuse_common = models.BooleanField(_("refuse common passwords"), default=True)
    history = models.PositiveSmallIntegerField(
        _("passwords that may not come again"), default=0, validators=[MaxValueValidator(12)]
    )
    maximum_age_days = models.PositiveSmallIntegerField(
        _("days a password is good for"), default=0, validators=[MaxValueValidator(3650)]
    )  # 0: for ever
    second_factor = models.CharField(
        _("second factor required of"),
        max_length=20,
        choices=SecondFactor.choices,
        default=SecondFactor.OWNERS,
    )
    second_factor_days = models.PositiveSmallIntegerField(
        _("days to set a second factor up"), default=7, validators=[MaxValueValidator(90)]
    )  # 0: at once

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["tenant"], name="sign_in_policy_once"),
        ]

    def __str__(self) -> str:
        return f"Sign-in policy of {self.tenant}"


class FormerPassword(TenantOwned):
    """The hash of a password that was replaced, while the policy looks back as far."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"Former password of {self.user}"
