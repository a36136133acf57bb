"""What an act here means in the application: told before it is done, and true of this very application."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.applications.catalog import ScimDialect
from apps.applications.models import Application
from apps.provisioning.models import Deprovisioning, Integration, IntegrationState
from apps.provisioning.plan import removals_need_approval


def waiting_for_approval(leavers: Mapping[Any, int]) -> set[Any]:
    """Of applications that so many people lose in one act, those where that is unusually many. One query, or none."""
    many = [key for key, people in leavers.items() if removals_need_approval(people, 0)]
    if not many:
        return set()
    managed = Integration.objects.filter(application__in=many, state=IntegrationState.ACTIVE).order_by()
    active = Count("remote_users", filter=Q(remote_users__active=True, remote_users__managed=True))
    accounts = managed.annotate(accounts=active).values_list("application", "accounts")
    return {key for key, number in accounts if removals_need_approval(min(leavers[key], number), number)}


def accounts_of_leavers(application: Application, *, waiting: bool = False) -> str:
    """What becomes of the accounts of people who lose `application`; "" where it has none of ours.

    `waiting`: they are so many at once that an administrator is asked first.
    """
    if application.connector.scim is None:
        return ""
    integration: Integration | None = getattr(application, "integration", None)
    if integration is None or integration.state == IntegrationState.CONFIGURED:
        return _("Identity Management is not active, so accounts there stay as they are.")
    if integration.deprovisioning == Deprovisioning.KEEP:
        return _("Identity Management is set to leave their accounts there as they are.")
    if integration.state in {IntegrationState.QUARANTINED, IntegrationState.PAUSED}:
        return _("Their accounts there stay active until Identity Management, which is paused, works again.")
    if waiting:
        return _(
            "These are unusually many at once: their accounts there stay active until an administrator approves it under "
            "Identity management."
        )
    if integration.deprovisioning == Deprovisioning.DELETE:
        days = integration.delete_after_days
        text = ngettext(
            "Their accounts there are deactivated at once, and deleted after %(days)s day.",
            "Their accounts there are deactivated at once, and deleted after %(days)s days.",
            days,
        )
        return text % {"days": days}
    return _("Their accounts there are deactivated at once.")


def policies(application: Application) -> list[tuple[str, str]]:
    """The choices for accounts of leavers, each with what it does at this very application."""
    scim = application.connector.scim or ScimDialect()
    name = {"name": application}
    deactivated = scim.deactivated or _(
        "%(name)s is told at once that the account is inactive; what the person made there stays."
    )
    words = {
        Deprovisioning.KEEP: _(
            "Nothing is sent. Sign-in from here ends, but the account in %(name)s stays active: whoever has another way in keeps it."
        ),
        Deprovisioning.SUSPEND: deactivated + " " + _("Whoever comes back is reactivated."),
        Deprovisioning.DELETE: deactivated
        + " "
        + _(
            "After the days below it is deleted there for good, with what %(name)s deletes along. Whoever comes back before is reactivated."
        ),
    }
    choices = [each for each in Deprovisioning if each != Deprovisioning.DELETE or scim.deletes_users]
    return [(each.value, f"{each.label}. {words[each] % name}") for each in choices]


def policy_of(integration: Integration) -> str:
    """What is chosen, in the same words."""
    words = dict(policies(integration.application)).get(integration.deprovisioning, "")
    if integration.deprovisioning == Deprovisioning.DELETE:
        days = integration.delete_after_days
        words += " " + ngettext("That is %(days)s day.", "That is %(days)s days.", days) % {"days": days}
    return words


def deletion_of(applications: Iterable[Application]) -> str:
    """The seeds' own words ("Important Considerations"); a bookmark has no accounts to speak of."""
    applications = list(applications)
    text = _("%(labels)s: removed from the launcher at once.") % {"labels": _names(applications)}
    if with_accounts := [each for each in applications if not each.is_bookmark]:
        text += " " + _(
            "People who have accounts in %(labels)s remain active there, and can log in with the password they used "
            "prior to enablement of SSO."
        ) % {"labels": _names(with_accounts)}
    return text


def _names(applications: Iterable[Application]) -> str:
    return ", ".join(application.display_label for application in applications)


def accounts_of_joiners(application: Application) -> str:
    """What becomes of people who gain `application`, or have it again."""
    integration: Integration | None = getattr(application, "integration", None)
    if application.connector.scim is None:
        return ""
    if integration is None or integration.state == IntegrationState.CONFIGURED:
        return _("Identity Management is not active, so no account is made there.")
    if integration.state in {IntegrationState.QUARANTINED, IntegrationState.PAUSED}:
        return _("Their accounts there are made once Identity Management, which is paused, works again.")
    return _("Their accounts there are created or reactivated within seconds.")
