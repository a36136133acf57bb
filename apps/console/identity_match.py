"""The two halves of the identity match put together, for the page and the count on its tab."""

from typing import Any

from django.core.cache import cache

from apps.applications.identity_match import DIFFERS, compared
from apps.applications.models import Application
from apps.provisioning.identities import account_expressions
from apps.provisioning.models import Integration
from apps.saml.models import SsoSettings
from apps.saml.name_id_values import name_id_expression

MOST_COUNTED = 50
REMEMBERED = 60  # seconds


def people_compared(application: Application, settings: SsoSettings) -> Any:
    """QuerySet of apps.applications.identity_match.compared."""
    return compared(application, name_id_expression(settings), account_expressions(application))


def differing(application: Application, *, now: bool = False) -> str:
    """For how many it certainly goes wrong: where accounts are managed from here, and the vendor says what has to be the same.

    For the tab, which is on ten pages: "" for none, "50+" for many, and counted once a minute. `now`: counted anew.
    """
    integration: Integration | None = getattr(application, "integration", None)
    settings: SsoSettings | None = getattr(application, "sso", None)
    if integration is None or settings is None or not application.connector.identity.certain:
        return ""
    key = f"identity-match:{application.pk}"
    found: str | None = None if now else cache.get(key)
    if found is None:
        found = _counted(people_compared(application, settings).filter(match=DIFFERS))
        cache.set(key, found, REMEMBERED)
    return found


def _counted(people: Any) -> str:
    count = people.order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")
