"""The SSO tab's settings. `sso_of` is how everybody gets at them: it makes them from the connector the first time."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.events.actors import Actor
from apps.saml.actions.new_key_pairs import new_pair, save_pair
from apps.saml.errors import SsoUnavailable
from apps.saml.models import KeyPair, SsoSettings
from apps.saml.name_id_choice import without_name_id_in_use
from apps.saml.recording import locked, save
from apps.saml.validation import checked
from apps.tenants.prepared import PreparedQuery

SETTINGS_OF = PreparedQuery(
    lambda application_id: SsoSettings.objects.filter(application_id=application_id), application_id=UUID
)


def sso_of(application: Application) -> SsoSettings:
    """Prefilled by the connector, with an active key pair. Raises SsoUnavailable for a bookmark."""
    if application.connector.saml is None:
        raise SsoUnavailable({"connector": [_("A bookmark has no single sign-on.")]})
    found: SsoSettings | None = SETTINGS_OF.first(application_id=application.pk)
    if found is None:
        return _create_sso(application)
    found.application = application
    return found


def _create_sso(application: Application) -> SsoSettings:
    key_pair = new_pair(application, KeyPair.State.ACTIVE)  # the slow part, outside the transaction
    try:
        with transaction.atomic():
            settings = SsoSettings(application=application, **connector_fields(application))
            settings.save(force_insert=True)
            save_pair(key_pair, actor=Actor.system())
    except IntegrityError:  # somebody else looked at the same moment
        settings = SsoSettings.objects.select_related("application").get(application=application)
    return settings


def connector_fields(application: Application) -> dict[str, Any]:
    """What the SSO tab is prefilled with: the connector's templates with the application's parameters."""
    saml = application.connector.saml
    if saml is None:
        return {}
    acs_url = application.filled(saml.acs_url)
    return {
        "sp_entity_id": application.filled(saml.sp_entity_id),
        "acs_urls": [{"url": acs_url, "index": 0, "is_default": True}] if acs_url else [],
        "login_url": application.filled(saml.login_url),
        "default_relay_state": application.filled(saml.default_relay_state),
        "name_id_format": saml.name_id_format,
        "name_id_source": saml.name_id_source,
        "attributes": [
            {
                "name": row.name,
                "name_format": row.name_format,
                "source": row.source or "",
                "constant": row.constant,
                "enabled": True,
                "required": row.required,
            }
            for row in saml.attributes
        ],
    }


@transaction.atomic
def update_sso(settings: SsoSettings, *, actor: Actor, **fields: Any) -> SsoSettings:
    """`fields` are the columns of SsoSettings; those not given stay. Raises SsoInvalid."""
    settings = locked(settings)
    return save(settings, checked(settings, fields), actor=actor, details={})


def refill_sso(application: Application, *, actor: Actor) -> SsoSettings:
    """Back to what the connector says, for instance after the group path was corrected on the General tab; not the NameID of an
    application that people sign in to."""
    settings = sso_of(application)
    fields = without_name_id_in_use(settings, connector_fields(application))
    return update_sso(settings, actor=actor, **fields)
