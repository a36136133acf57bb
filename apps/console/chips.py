"""The states of an application as the chips that its page and the list show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from apps.accounts.account_states import AccountState
from apps.applications.models import Application
from apps.insights.obstacles import sso_is_set_up
from apps.insights.receipts import Receipt, State
from apps.lib import language
from apps.provisioning.models import Integration, IntegrationState, JobState
from apps.provisioning.queries import PersonState
from apps.saml.expiry import SOON
from apps.saml.models import KeyPair


@dataclass(frozen=True, slots=True)
class Chip:
    state: str
    text: Any
    icon: str = ""


def sign_on_chip(application: Application) -> Chip:
    if application.is_bookmark:
        return (
            Chip("active", _("Bookmark active"))
            if application.active
            else Chip("inactive", _("Bookmark inactive"))
        )
    if not application.active:
        return Chip("inactive", _("SSO inactive"))
    return (
        Chip("active", _("SSO active"))
        if sso_is_set_up(application)
        else Chip("pending", _("SSO not set up"))
    )


def identity_chip(application: Application) -> Chip | None:
    """None where there is nothing to say: a bookmark, or nobody configured it."""
    integration: Integration | None = getattr(application, "integration", None)
    if integration is None:
        return None
    if integration.state in {IntegrationState.QUARANTINED, IntegrationState.PAUSED}:
        return Chip("paused", _("Identity management paused"))
    if integration.is_active:
        return Chip("active", _("Identity management active"))
    return Chip("inactive", _("Identity management inactive"))


PEOPLE = {
    AccountState.ACTIVE: ("active", ""),
    AccountState.INACTIVE: ("inactive", ""),
    AccountState.PENDING: ("pending", ""),
    AccountState.LOCKED: ("failing", "lock-keyhole"),
    AccountState.EXPIRED: ("expired", ""),
}


def person_chip(state: AccountState) -> Chip:
    """How somebody's own account here is doing."""
    look, icon = PEOPLE[state]
    return Chip(look, state.label, icon)


def account_chip(state: PersonState) -> Chip:
    """How one person's account at one application is doing."""
    job = state.job
    if job is not None and job.state == JobState.HELD:
        return Chip("paused", _("Held for approval"))
    if job is not None and job.state == JobState.KEPT:
        return Chip("neutral", _("Account kept by decision"), "user-check")
    if job is not None and (job.state == JobState.PARKED or (job.state == JobState.PENDING and job.attempts)):
        return Chip("failing", _("Account failing"))
    if job is not None and job.state in {JobState.PENDING, JobState.RUNNING}:
        return Chip("pending", _("Account pending"))
    active = state.account is not None and state.account.active
    return Chip("active", _("Account active")) if active else Chip("inactive", _("No active account"))


def receipt_chip(receipt: Receipt) -> Chip:
    waiting = len(receipt.outstanding)
    if waiting:
        text = ngettext("%(count)s outstanding", "%(count)s outstanding", waiting)
        return Chip("failing", text % {"count": waiting})
    return Chip("active", _("Complete"))


def told_chip(state: State) -> Chip:
    """Of one application on a receipt."""
    shown = {State.DONE: "active", State.OUTSTANDING: "failing"}
    return Chip(shown.get(state, "neutral"), state.label)


def certificate_chip(certificate: KeyPair) -> Chip:
    left = certificate.not_after - timezone.now()
    day = language.day(timezone.localtime(certificate.not_after))
    if left <= timedelta():
        return Chip("expired", _("Certificate expired on %(day)s") % {"day": day})
    if left <= SOON:
        return Chip("paused", _("Certificate valid until %(day)s") % {"day": day}, "triangle-alert")
    return Chip("neutral", _("Certificate valid until %(day)s") % {"day": day}, "badge-check")


# The third is the word by itself, the fourth the one that follows a number: "2 create", "1 group: rename".
OPERATIONS = {
    "create": ("active", "user-plus", gettext_lazy("Create"), pgettext_lazy("counted", "create")),
    "update": ("info", "pencil", gettext_lazy("Update"), pgettext_lazy("counted", "update")),
    "reactivate": ("active", "user-check", gettext_lazy("Reactivate"), pgettext_lazy("counted", "reactivate")),
    "deactivate": ("paused", "user-minus", gettext_lazy("Deactivate"), pgettext_lazy("counted", "deactivate")),
    "delete": ("failing", "trash-2", gettext_lazy("Delete"), pgettext_lazy("counted", "delete")),
    "rename": ("info", "pencil", gettext_lazy("Rename"), pgettext_lazy("counted", "rename")),
    "change_members": ("info", "users", gettext_lazy("Members"), pgettext_lazy("counted", "members")),
    "leave": ("neutral", "unlink", gettext_lazy("Let go"), pgettext_lazy("counted", "let go")),
    "conflict": ("failing", "triangle-alert", gettext_lazy("Conflict"), pgettext_lazy("counted", "conflict")),
    "not_ours": ("neutral", "unlink", gettext_lazy("Not ours"), pgettext_lazy("counted", "not ours")),
    "nothing": ("neutral", "check", gettext_lazy("Unchanged"), pgettext_lazy("counted", "unchanged")),
}  # fmt: skip


def operation_chip(operation: str, number: int | None = None, of: str = "") -> Chip:
    """One operation of a plan; with a number, a part of its summary ("2 create", "1 group: rename")."""
    state, icon, word, counted = OPERATIONS.get(operation, ("neutral", "circle-dot", operation, operation))
    if number is not None:
        word = f"{number} {of}: {counted}" if of else f"{number} {counted}"
    return Chip(state, word, icon)


def launcher_chip(application: Application) -> Chip:
    if application.show_in_launcher:
        return Chip("neutral", _("In the launcher"), "eye")
    return Chip("neutral", _("Not in the launcher"), "eye-off")


def chips_of(application: Application) -> list[Chip]:
    """For the list: reads nothing but what applications_for_pages brought along."""
    chips = [sign_on_chip(application), identity_chip(application), launcher_chip(application)]
    return [chip for chip in chips if chip is not None]
