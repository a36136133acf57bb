"""What the other side remembers: service providers with their sign-ins, SCIM targets with their accounts and teams."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.lib.crypto import Sealed
from apps.lib.names import validate_text
from apps.tenants.addresses import tenant_url
from apps.tenants.models import TenantOwned, slug_validator

KEPT_REQUESTS = 200
Constraints = list[models.BaseConstraint]


class ServiceProviderKind(models.TextChoices):
    """Whose demands it makes (saml/kinds.py)."""

    GENERIC = "generic", _("Any service provider")
    GITLAB_SAAS = "gitlab_saas", _("GitLab.com group")
    GITLAB_SELF_MANAGED = "gitlab_self_managed", _("GitLab self-managed")
    PULUMI = "pulumi", _("Pulumi Cloud")
    BLOGIN = "blogin", _("BlogIn")


class TargetKind(models.TextChoices):
    """Whose SCIM API it imitates (one file each in targets/)."""

    GENERIC = "generic", _("RFC 7644")
    GITLAB_SAAS = "gitlab_saas", _("GitLab.com group")
    GITLAB_SELF_MANAGED = "gitlab_self_managed", _("GitLab self-managed")
    PULUMI = "pulumi", _("Pulumi Cloud")
    BLOGIN = "blogin", _("BlogIn")


class Fault(models.TextChoices):
    """What the next requests meet instead of an answer, on purpose."""

    NONE = "", _("None")
    CONFLICT = "conflict", _("409 conflict")
    TOO_MANY = "too_many", _("429 with Retry-After")
    SERVER_ERROR = "server_error", _("500, nothing done")
    LOST = "lost", _("500, although it was done")
    SLOW = "slow", _("A slow answer")
    UNAUTHORIZED = "unauthorized", _("401, as if the token were revoked")


class SandboxServiceProvider(TenantOwned):
    """A SAML service provider. Its entity ID is the address of its metadata."""

    slug = models.CharField(max_length=63, validators=[slug_validator])
    label = models.CharField(max_length=120, validators=[validate_text])
    kind = models.CharField(max_length=40, choices=ServiceProviderKind, default=ServiceProviderKind.GENERIC)
    clock_tolerance = models.PositiveSmallIntegerField(default=0)  # seconds, 0 to 60
    idp_metadata_url = models.CharField(max_length=2000, blank=True)
    idp_metadata = models.TextField(blank=True)
    idp_entity_id = models.CharField(max_length=1024, blank=True)
    idp_redirect_url = models.CharField(max_length=2000, blank=True)
    idp_post_url = models.CharField(max_length=2000, blank=True)
    idp_slo_url = models.CharField(max_length=2000, blank=True)  # by Redirect; empty: it signs nobody out
    idp_certificates = models.JSONField(default=list, blank=True)  # PEM, those that may sign
    certificate = models.TextField(
        blank=True
    )  # PEM; its logout messages are signed with it, assertions encrypted for it (signing_out.with_keys)
    private_key_sealed = models.BinaryField(editable=False, default=bytes)
    ignores_logout = models.BooleanField(default=False)  # on purpose: a logout request is not answered
    only_encrypted = models.BooleanField(default=False)  # takes no assertion that anybody else could read
    created_at = models.DateTimeField(auto_now_add=True)

    private_key = Sealed("private_key_sealed")  # PEM

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["label"]
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="sandbox_service_provider_slug")
        ]

    def __str__(self) -> str:
        return self.label

    def address(self, page: str) -> str:
        """Absolute; `page` is the name of one of its addresses in urls.py."""
        return tenant_url(self.tenant, f"sandbox:{page}", slug=self.slug)

    @property
    def entity_id(self) -> str:
        return self.address("sp_metadata")

    @property
    def acs_url(self) -> str:
        return self.address("sp_acs")

    @property
    def slo_url(self) -> str:
        return self.address("sp_slo")

    @property
    def is_connected(self) -> bool:
        return bool(self.idp_entity_id)


class SandboxAuthnRequest(TenantOwned):
    """A request that waits for its response. It is used once."""

    service_provider = models.ForeignKey(SandboxServiceProvider, models.CASCADE, related_name="requests")
    request_id = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                fields=["service_provider", "request_id"], name="sandbox_authn_request_id"
            )
        ]

    def __str__(self) -> str:
        return self.request_id


class SandboxSignIn(TenantOwned):
    """An assertion that was accepted: the session of the sandbox, and the memory that refuses it a second time."""

    service_provider = models.ForeignKey(SandboxServiceProvider, models.CASCADE, related_name="sign_ins")
    assertion_id = models.CharField(max_length=255)
    name_id = models.CharField(max_length=1024)
    name_id_format = models.CharField(max_length=255, blank=True)
    session_index = models.CharField(max_length=255, blank=True)
    attributes = models.JSONField(default=dict)  # name → list of values
    in_response_to = models.CharField(max_length=255, blank=True)  # empty: the identity provider began
    signed_parts = models.CharField(max_length=40)
    encrypted_with = models.CharField(max_length=20, blank=True)  # "AES-256-GCM"; empty: it was not
    response_xml = models.TextField()  # indented and decrypted
    ends_at = models.DateTimeField(null=True)  # SessionNotOnOrAfter
    signed_out_at = models.DateTimeField(null=True)
    logout_request_id = models.CharField(max_length=80, blank=True)  # ours, that waits for its answer
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                fields=["service_provider", "assertion_id"], name="sandbox_assertion_once"
            )
        ]

    def __str__(self) -> str:
        return self.name_id


class SandboxTarget(TenantOwned):
    """A SCIM service provider."""

    slug = models.CharField(max_length=63, validators=[slug_validator])
    label = models.CharField(max_length=120, validators=[validate_text])
    kind = models.CharField(max_length=40, choices=TargetKind, default=TargetKind.GENERIC)
    token_digest = models.CharField(max_length=64)
    group_links = models.JSONField(default=list, blank=True)  # GitLab self-managed: SAML group links by name
    email_domains = models.JSONField(default=list, blank=True)  # GitLab: the only domains allowed; empty: all
    fault = models.CharField(max_length=20, choices=Fault, blank=True, default=Fault.NONE)
    fault_count = models.PositiveIntegerField(default=0)  # requests that still meet it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["label"]
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="sandbox_target_slug")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def base_url(self) -> str:
        return tenant_url(self.tenant, "sandbox:scim", slug=self.slug, rest="Users").removesuffix("/Users")


class SandboxAccount(TenantOwned):
    """An account of the target. What no column holds stands in `document`, in SCIM's own words."""

    target = models.ForeignKey(SandboxTarget, models.CASCADE, related_name="accounts")
    resource_id = models.CharField(max_length=255)  # `id` on the wire
    external_id = models.CharField(max_length=255, blank=True)
    user_name = models.CharField(max_length=255)
    user_name_key = models.CharField(max_length=765)  # case-folded, which can be longer
    email = models.CharField(max_length=254, blank=True)
    document = models.JSONField(default=dict)
    active = models.BooleanField(default=True)
    linked = models.BooleanField(default=True)  # False: it was there before and SCIM has not taken it over
    owner = models.BooleanField(default=False)  # GitLab: the last active one cannot be removed
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["created_at", "id"]
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(fields=["target", "resource_id"], name="sandbox_account_resource_id"),
            models.UniqueConstraint(fields=["target", "user_name_key"], name="sandbox_account_user_name"),
        ]

    def __str__(self) -> str:
        return self.user_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.user_name_key = self.user_name.casefold()
        super().save(*args, **kwargs)


class SandboxTeam(TenantOwned):
    target = models.ForeignKey(SandboxTarget, models.CASCADE, related_name="teams")
    resource_id = models.CharField(max_length=255)
    external_id = models.CharField(max_length=255, blank=True)
    display_name = models.CharField(max_length=255)
    members = models.ManyToManyField(SandboxAccount, through="SandboxMembership", related_name="teams")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["created_at", "id"]
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(fields=["target", "resource_id"], name="sandbox_team_resource_id")
        ]

    def __str__(self) -> str:
        return self.display_name


class SandboxMembership(TenantOwned):
    team = models.ForeignKey(SandboxTeam, models.CASCADE, related_name="memberships")
    account = models.ForeignKey(SandboxAccount, models.CASCADE, related_name="memberships")

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(fields=["team", "account"], name="sandbox_membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.team_id}"


class SandboxRequest(TenantOwned):
    """One of the last requests to a target, for its page. Neither token nor password is kept."""

    target = models.ForeignKey(SandboxTarget, models.CASCADE, related_name="requests")
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=1000)
    token_hint = models.CharField(max_length=20, blank=True)
    fault = models.CharField(max_length=20, blank=True)
    status = models.PositiveSmallIntegerField()
    request_body = models.TextField(blank=True)
    response_body = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["target", "-created_at"], name="sandbox_request_latest")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
