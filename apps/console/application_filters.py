"""The list of applications by how they stand: the words of its chips as questions to the database."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.provisioning.models import IntegrationState, Job

STATES = (
    ("active", _("Active")),
    ("inactive", _("Inactive")),
    ("managed", _("Identity management")),
    ("failing", _("Failing")),
    ("unbound", _("Nobody has it")),
)


def in_state(applications: Any, state: str) -> Any:
    """QuerySet of those that are in it; another word than those of STATES changes nothing."""
    if state in {"active", "inactive"}:
        return applications.filter(active=state == "active")
    if state == "managed":
        return applications.filter(integration__isnull=False).exclude(
            integration__state=IntegrationState.CONFIGURED
        )
    if state == "failing":
        failing = Job.objects.failing().order_by().values("integration")
        quarantined = Q(integration__state=IntegrationState.QUARANTINED)
        return applications.filter(quarantined | Q(integration__in=failing))
    if state == "unbound":
        return applications.filter(assignments__isnull=True)
    return applications
