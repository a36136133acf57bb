"""The one gate in front of every assertion."""

import datetime as dt
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.applications.access import is_given
from apps.applications.models import Application
from apps.directory.models import Group, User


@dataclass(frozen=True, slots=True)
class Refusal:
    """`sentence` is for the person; `groups` are those that would open the application, for "not_assigned"."""

    code: str
    sentence: str | Promise  # in the reader's language, and in the log's
    groups: tuple[str, ...] = ()


def may_issue(user: User, application: Application, now: dt.datetime) -> Refusal | None:
    """Asked right before signing, in the transaction that has read both rows and locked the person's."""
    if not user.active:
        return Refusal("suspended", _("Your account is deactivated."))
    if user.password_expires_at is not None and user.password_expires_at <= now:
        return Refusal("password_expired", _("Your password has expired. Change it, then sign in again."))
    if not application.active or application.connector.saml is None:
        return switched_off()
    if not is_given(application, user):
        names = tuple(Group.objects.filter(applications=application).values_list("name", flat=True)[:20])
        return Refusal("not_assigned", _("None of your groups opens this application."), names)
    return None


def switched_off() -> Refusal:
    return Refusal("application_deactivated", _("Single sign-on for this application is switched off."))


def gone() -> Refusal:
    return Refusal("gone", _("Your account or this application was removed just now."))
