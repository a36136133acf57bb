"""What single logout remembers: where a portal session was signed in to, and how far a sign-out of all of that has come."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.directory.models import User
from apps.tenants.models import TenantOwned


class LogoutBinding(models.TextChoices):
    """How an application takes logout messages (SAML profiles 4.4). Redirect brings its own Lax cookies along, POST does not."""

    REDIRECT = "redirect", _("HTTP-Redirect")
    POST = "post", _("HTTP-POST")

    @property
    def urn(self) -> str:
        name = "Redirect" if self is LogoutBinding.REDIRECT else "POST"
        return f"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{name}"


class SsoSession(TenantOwned):
    """One portal session at one application: what its latest assertion called the person, to be said again in a LogoutRequest."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_handle = models.CharField(max_length=32)  # apps.accounts.signing_out.session_handle
    session_index = models.CharField(max_length=64)
    name_id = models.CharField(max_length=1024)
    name_id_format = models.CharField(max_length=20)
    ends_at = models.DateTimeField()  # SessionNotOnOrAfter
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["session_handle", "application"], name="sso_session_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "ends_at"], name="sso_session_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.application}"


class LogoutRun(TenantOwned):
    """One sign-out and the way round the applications. Its id is the random key in the addresses.

    An application's LogoutRequest waits as a run that has not begun; the unique constraint is its replay guard.
    """

    initiator = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="+", null=True
    )  # None: the portal
    request_id = models.CharField(max_length=256, blank=True)
    relay_state = models.CharField(max_length=1024, blank=True)
    name_id = models.CharField(max_length=1024, blank=True)
    session_indexes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["initiator", "request_id"],
                condition=models.Q(initiator__isnull=False),
                name="logout_request_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "created_at"], name="logout_run_oldest"),
        ]

    def __str__(self) -> str:
        return f"Sign-out by {self.initiator or 'the portal'}"


class LogoutStep(TenantOwned):
    """One application of a run. Only a signed LogoutResponse to `request_id` makes it `confirmed`."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Not asked yet")
        ASKED = "asked", _("Asked, no answer")
        CONFIRMED = "confirmed", _("Signed out")
        FAILED = "failed", _("Not signed out")
        UNREACHABLE = "unreachable", _("Cannot be signed out from here")

    run = models.ForeignKey(LogoutRun, on_delete=models.CASCADE, related_name="steps")
    session = models.ForeignKey(SsoSession, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State.choices)
    request_id = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=255, blank=True)  # a sentence for the page and the log

    class Meta(TenantOwned.Meta):
        ordering: ClassVar[list[str]] = ["position"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["tenant", "request_id"], name="logout_step_request"),
        ]

    def __str__(self) -> str:
        return f"{self.session.application}: {self.get_state_display()}"
