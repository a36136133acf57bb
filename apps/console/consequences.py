"""What an act here means in the application: told before it is done, and true of this very application."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.applications.models import Application
from apps.provisioning.models import Deprovisioning, Integration, IntegrationState


def accounts_of_leavers(application: Application) -> str:
    """What becomes of the accounts of people who lose `application`; "" where it has none of ours."""
    if application.connector.scim is None:
        return ""
    integration: Integration | None = getattr(application, "integration", None)
    if integration is None or integration.state == IntegrationState.CONFIGURED:
        return _("Identity Management is not active, so accounts there stay as they are.")
    if integration.deprovisioning == Deprovisioning.KEEP:
        return _("Identity Management is set to leave their accounts there as they are.")
    if integration.state == IntegrationState.QUARANTINED:
        return _("Their accounts there stay active until Identity Management, which is paused, works again.")
    if integration.deprovisioning == Deprovisioning.DELETE:
        days = integration.delete_after_days
        text = ngettext(
            "Their accounts there are deactivated at once, and deleted after %(days)s day.",
            "Their accounts there are deactivated at once, and deleted after %(days)s days.",
            days,
        )
        return text % {"days": days}
    return _("Their accounts there are deactivated at once.")


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
