"""The states of an application as the chips that its page and the list show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.saml.models import KeyPair, SsoSettings

EXPIRES_SOON = timedelta(days=30)


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
        if _sso_complete(application)
        else Chip("pending", _("SSO not set up"))
    )


def _sso_complete(application: Application) -> bool:
    settings: SsoSettings | None = getattr(application, "sso", None)
    if settings is not None:
        return settings.complete
    saml = application.connector.saml  # nobody looked at the tab yet: it is prefilled by the connector
    return saml is not None and bool(saml.acs_url)


def certificate_chip(certificate: KeyPair) -> Chip:
    left = certificate.not_after - timezone.now()
    day = formats.date_format(timezone.localtime(certificate.not_after), "j M Y")
    if left <= timedelta():
        return Chip("expired", _("Certificate expired on %(day)s") % {"day": day})
    if left <= EXPIRES_SOON:
        return Chip("paused", _("Certificate valid until %(day)s") % {"day": day}, "triangle-alert")
    return Chip("neutral", _("Certificate valid until %(day)s") % {"day": day}, "badge-check")


def launcher_chip(application: Application) -> Chip:
    if application.show_in_launcher:
        return Chip("neutral", _("In the launcher"), "eye")
    return Chip("neutral", _("Not in the launcher"), "eye-off")


def chips_of(application: Application) -> list[Chip]:
    """For the list: reads nothing but what applications_for_pages brought along."""
    return [sign_on_chip(application), launcher_chip(application)]
