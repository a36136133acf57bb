import base64
import re
from typing import Any, ClassVar

from cryptography import x509
from cryptography.x509.oid import NameOID
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.directory.validators import validate_text
from apps.lib.crypto import Sealed, fingerprint
from apps.saml.session_models import LogoutBinding, LogoutRun, LogoutStep, SsoSession
from apps.tenants.models import TenantOwned

__all__ = ["LogoutBinding", "LogoutRun", "LogoutStep", "SsoSession"]  # beside what is defined here

BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


class NameIdFormat(models.TextChoices):
    """Short names as the connectors have them; `urn` is SAML core 8.3's."""

    EMAIL = "emailAddress", _("E-mail address")
    PERSISTENT = "persistent", _("Persistent")
    TRANSIENT = "transient", _("Transient")
    UNSPECIFIED = "unspecified", _("Unspecified")

    @property
    def urn(self) -> str:
        version = "1.1" if self in {NameIdFormat.EMAIL, NameIdFormat.UNSPECIFIED} else "2.0"
        return f"urn:oasis:names:tc:SAML:{version}:nameid-format:{self.value}"


class GroupsSent(models.TextChoices):
    """Which of a person's groups an application is told."""

    BOUND = "bound", _("Only groups bound to this application")
    ALL = "all", _("All groups of the person")


class SignatureAlgorithm(models.TextChoices):
    """Nothing weaker exists here: SHA-1 cannot be chosen."""

    RSA_SHA256 = "rsa-sha256", "RSA-SHA256"
    RSA_SHA384 = "rsa-sha384", "RSA-SHA384"
    RSA_SHA512 = "rsa-sha512", "RSA-SHA512"

    @property
    def signature_uri(self) -> str:
        return f"http://www.w3.org/2001/04/xmldsig-more#{self.value}"

    @property
    def digest_uri(self) -> str:
        # RFC 6931 2.1: SHA-384 alone has its name in xmldsig-more
        namespace = "xmldsig-more" if self is SignatureAlgorithm.RSA_SHA384 else "xmlenc"
        return f"http://www.w3.org/2001/04/{namespace}#{self.value.removeprefix('rsa-')}"


class EncryptionAlgorithm(models.TextChoices):
    """XML Encryption 1.1, 5.2.4. No CBC: who can change what it hides can learn it."""

    AES256_GCM = "aes256-gcm", "AES-256-GCM"
    AES128_GCM = "aes128-gcm", "AES-128-GCM"

    @property
    def uri(self) -> str:
        return f"http://www.w3.org/2009/xmlenc11#{self.value}"

    @property
    def bits(self) -> int:
        return int(self.value[3:6])


class OaepDigest(models.TextChoices):
    """Of RSA-OAEP's label. SHA-1 is what every service provider reads, and OAEP asks nothing of it but to scatter."""

    SHA1 = "sha1", "SHA-1"
    SHA256 = "sha256", "SHA-256"

    @property
    def uri(self) -> str:
        namespace = "2000/09/xmldsig" if self is OaepDigest.SHA1 else "2001/04/xmlenc"
        return f"http://www.w3.org/{namespace}#{self.value}"


class SsoSettings(TenantOwned):
    """What the SSO tab holds. Written only by saml.actions; `saml.actions.settings.sso_of` makes it on first sight."""

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="sso")
    sp_entity_id = models.CharField(_("SP entity ID"), max_length=1024, blank=True)  # SAML core 8.3.6
    acs_urls = models.JSONField(default=list, blank=True)  # [{"url", "index", "is_default"}], one default
    name_id_format = models.CharField(
        _("NameID format"), max_length=20, choices=NameIdFormat.choices, default=NameIdFormat.EMAIL
    )
    name_id_source = models.CharField(_("NameID value"), max_length=20, default="email")
    sign_response = models.BooleanField(_("sign response"), default=True)
    sign_assertion = models.BooleanField(_("sign assertion"), default=True)
    signature_algorithm = models.CharField(
        _("signature algorithm"),
        max_length=20,
        choices=SignatureAlgorithm.choices,
        default=SignatureAlgorithm.RSA_SHA256,
    )
    encrypt_assertion = models.BooleanField(_("encrypt assertion"), default=False)
    sp_encryption_certificate = models.TextField(
        _("certificate for encryption"), blank=True
    )  # PEM, RSA: only its holder reads the assertion
    encryption_algorithm = models.CharField(
        _("encryption algorithm"),
        max_length=20,
        choices=EncryptionAlgorithm.choices,
        default=EncryptionAlgorithm.AES256_GCM,
    )
    oaep_digest = models.CharField(
        _("digest of RSA-OAEP"), max_length=10, choices=OaepDigest.choices, default=OaepDigest.SHA1
    )
    default_relay_state = models.CharField(
        _("default RelayState"), max_length=1024, blank=True, validators=[validate_text]
    )
    # [{"name", "name_format", "source" or "constant", "enabled", "required"}], names exactly as they go out
    attributes = models.JSONField(default=list, blank=True)
    include_groups = models.BooleanField(_("include groups"), default=False)
    groups_attribute_name = models.CharField(_("groups attribute"), max_length=255, default="memberOf")
    groups_name_format = models.CharField(_("groups attribute's name format"), max_length=255, default=BASIC)
    groups_sent = models.CharField(
        _("groups sent"), max_length=10, choices=GroupsSent.choices, default=GroupsSent.BOUND
    )
    sp_certificates = models.JSONField(default=list, blank=True)  # PEM; what the SP may sign requests with
    require_signed_requests = models.BooleanField(_("require signed requests"), default=False)
    login_url = models.CharField(_("login URL"), max_length=2048, blank=True)
    idp_initiated = models.BooleanField(_("may be started from here"), default=True)
    # The end of metadata that is refreshed from an address; a file's is only shown (docs/decisions)
    metadata_expires_at = models.DateTimeField(null=True, blank=True)
    slo_url = models.CharField(
        _("SLO URL"), max_length=2048, blank=True
    )  # empty: it cannot be signed out from here
    slo_binding = models.CharField(
        _("SLO binding"), max_length=10, choices=LogoutBinding.choices, default=LogoutBinding.REDIRECT
    )
    slo_response_url = models.CharField(_("SLO response URL"), max_length=2048, blank=True)  # empty: slo_url
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    signing_pair: (
        "KeyPair"  # no column: apps.saml.issuing puts the active one here when it reads both at once
    )

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "SSO settings"

    def __str__(self) -> str:
        return f"SSO of {self.application}"

    @property
    def acs_url(self) -> str:
        """Where responses go unless a request names another registered address; "" before one is entered."""
        return next((row["url"] for row in self.acs_urls if row["is_default"]), "")

    @property
    def complete(self) -> bool:
        readable = bool(self.sp_encryption_certificate) or not self.encrypt_assertion
        return bool(self.sp_entity_id and self.acs_url and readable)

    @property
    def name_id(self) -> NameIdFormat:
        return NameIdFormat(self.name_id_format)

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return SignatureAlgorithm(self.signature_algorithm)


class KeyPair(TenantOwned):
    """A signing key and its certificate. `active` signs; `next` and `retiring` are published beside it while people switch over."""

    class State(models.TextChoices):
        NEXT = "next", _("Next")
        ACTIVE = "active", _("Active")
        RETIRING = "retiring", _("Retiring")

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="key_pairs")
    certificate = models.TextField()  # PEM
    private_key_sealed = models.BinaryField(editable=False)
    state = models.CharField(max_length=10, choices=State.choices)
    not_after = models.DateTimeField()
    expiry_told = models.PositiveSmallIntegerField(null=True, editable=False)  # days: apps.saml.expiry
    created_at = models.DateTimeField(auto_now_add=True)

    private_key = Sealed("private_key_sealed")  # PEM

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[Any]] = ["created_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["application", "state"],
                condition=models.Q(state__in=("next", "active")),
                name="key_pair_one_active_one_next",
            ),
        ]

    def __str__(self) -> str:
        return f"Certificate {self.fingerprint_sha256[:11]}… of {self.application}"

    @property
    def der_base64(self) -> str:
        """What stands in ds:X509Certificate."""
        return re.sub(r"-----[A-Z ]+-----|\s", "", self.certificate)

    @property
    def x509(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.encode())

    @property
    def common_name(self) -> str:
        """Of its subject; "" where there is none."""
        names = self.x509.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else ""

    @property
    def key_size(self) -> int:
        """Bits; KeyPairs hold RSA only."""
        return int(getattr(self.x509.public_key(), "key_size", 0))

    @property
    def fingerprint_sha1(self) -> str:
        return fingerprint(base64.b64decode(self.der_base64), "sha1")

    @property
    def fingerprint_sha256(self) -> str:
        return fingerprint(base64.b64decode(self.der_base64), "sha256")


class PendingSignIn(TenantOwned):
    """A request that passed the front door and waits for its person. Its id is the random key in the address.

    The unique constraint is the replay guard: a row outlives the ten minutes in which its request would still be fresh.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    request_id = models.CharField(max_length=256)
    acs_url = models.CharField(max_length=2048)
    relay_state = models.CharField(max_length=1024, blank=True)
    force_authn = models.BooleanField(default=False)
    is_passive = models.BooleanField(default=False)
    authn_context = models.CharField(max_length=255, blank=True)  # the class that the answer will name
    subject_name_id = models.CharField(max_length=1024, blank=True)  # the person asked for; "" for anybody
    subject_format = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "request_id"], name="pending_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "created_at"], name="pending_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.request_id}"


class PersistentNameId(TenantOwned):
    """The random name of one person at one application (SAML core 8.3.7). Written only by apps.saml.name_ids.

    `person_id` is no foreign key: the row outlives its person, whose id is never used again, so the name is nobody else's ever.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    person_id = models.UUIDField()
    value = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "person_id"], name="persistent_once"),
            models.UniqueConstraint(fields=["application", "value"], name="persistent_one_person"),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.value}"


class MetadataSource(TenantOwned):
    """Where the service provider's own description came from, what it said, and what a refresh found since.

    `seen` is the ServiceProvider (metadata_import.py) that the settings were taken from; `pending` is one that waits for an
    administrator, with the digest and validity of its file.
    """

    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="metadata_source")
    url = models.CharField(max_length=2048, blank=True)  # "": it was a file
    signing_certificate = models.TextField(blank=True)  # PEM; what the file has to be signed with
    name = models.CharField(max_length=120, blank=True)  # what the file calls the service provider
    seen = models.JSONField()
    digest = models.CharField(max_length=64)  # SHA-256 of the file
    taken_over_at = models.DateTimeField()
    changes = models.JSONField(default=list)  # what changed then, as metadata_changes.py shows it
    valid_until = models.DateTimeField(null=True)
    warn_from = models.DateTimeField(null=True)
    cache_seconds = models.PositiveIntegerField(null=True)
    etag = models.CharField(max_length=255, blank=True)
    fetched_at = models.DateTimeField(null=True)  # the last good answer
    failures = models.PositiveIntegerField(default=0)  # in a row
    failed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    next_refresh_at = models.DateTimeField(null=True)
    pending = models.JSONField(default=dict)  # {"seen", "digest", "valid_until", "cache_seconds", "name"}
    pending_since = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_refresh_at"], name="metadata_due"),
        ]

    def __str__(self) -> str:
        return f"Metadata of {self.application}"

    @property
    def entity_id(self) -> str:
        return str(self.seen.get("entity_id", ""))


class MetadataUpload(TenantOwned):
    """A file with several service providers, while somebody chooses one. Removed an hour later."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    content = models.BinaryField()
    url = models.CharField(max_length=2048, blank=True)
    etag = models.CharField(max_length=255, blank=True)
    signing_certificate = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.application}: {self.created_at:%Y-%m-%d %H:%M}"
