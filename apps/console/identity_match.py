"""The two halves of the identity match put together, for the page and the count on its tab."""

from typing import Any

from apps.applications.identity_match import DIFFERS, compared
from apps.applications.models import Application
from apps.provisioning.identities import account_expressions
from apps.provisioning.models import Integration
from apps.saml.models import SsoSettings
from apps.saml.name_id_values import name_id_expression


def people_compared(application: Application, settings: SsoSettings) -> Any:
    """QuerySet of apps.applications.identity_match.compared."""
    return compared(application, name_id_expression(settings), account_expressions(application))


def differing(application: Application) -> int:
    """For whom it certainly goes wrong: where accounts are managed from here, and the vendor says what has to be the same."""
    integration: Integration | None = getattr(application, "integration", None)
    settings: SsoSettings | None = getattr(application, "sso", None)
    if integration is None or settings is None or not application.connector.identity.certain:
        return 0
    return int(people_compared(application, settings).filter(match=DIFFERS).count())
