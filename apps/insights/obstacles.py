"""What keeps somebody from an application, as the gates say it that stand before every launch (apps.saml.gate, apps.applications.access)."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from apps.accounts.access import password_expired
from apps.applications.models import Application
from apps.directory.models import User
from apps.saml.models import SsoSettings


def obstacles(person: User, application: Application) -> Iterator[str]:
    """Sentences, each of them enough to be refused, for somebody whom a group gives it. Reads what was selected with the application."""
    yield from of_the_person(person, application)
    if not application.active:
        yield _("The bookmark is inactive.") if application.is_bookmark else _("SSO is inactive.")
    elif not application.is_bookmark and not sso_is_set_up(application):
        yield _("SSO is not set up yet.")


def of_the_person(person: User, application: Application) -> Iterator[str]:
    """Of those the ones that end an account there, too; whether single sign-on works is no matter of accounts."""
    if not person.active:
        yield _("This person is deactivated.")
    elif password_expired(person) and not application.is_bookmark:
        yield _("Their password has expired: they have to set a new one first.")


def sso_is_set_up(application: Application) -> bool:
    settings: SsoSettings | None = getattr(application, "sso", None)
    if settings is not None:
        return settings.complete
    saml = application.connector.saml  # nobody looked at the tab yet: it is prefilled by the connector
    return saml is not None and bool(saml.acs_url)
