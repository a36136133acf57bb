"""What every sign-on reads of an application: its settings, itself and the key that signs, in one query."""

from uuid import UUID

from apps.applications.models import Application
from apps.saml.models import KeyPair, SsoSettings
from apps.tenants.context import current_tenant_id
from apps.tenants.prepared import PreparedQuery

# Columns that no sign-on looks at: a logo alone may be larger than all the others.
UNREAD = (
    "not_after", "expiry_told", "created_at",
    *(f"application__{name}" for name in (
        "logo", "description", "show_in_launcher", "parameters", "bookmark_url", "created_at", "updated_at",
    )),
    *(f"application__sso__{name}" for name in (
        "login_url", "slo_url", "slo_binding", "slo_response_url", "created_at", "updated_at",
    )),
)  # fmt: skip
ACTIVE = KeyPair.State.ACTIVE

BY_ID = PreparedQuery(
    lambda application_id: (
        KeyPair.objects.select_related("application__sso")
        .filter(application_id=application_id, state=ACTIVE)
        .defer(*UNREAD)
    ),
    application_id=UUID,
)
BY_SLUG = PreparedQuery(
    lambda slug: (
        KeyPair.objects.select_related("application__sso")
        .filter(application__tenant_id=current_tenant_id(), application__slug=slug, state=ACTIVE)
        .defer(*UNREAD)
    ),
    slug=str,
)


def settings_at(slug: str) -> SsoSettings | None:
    """None where nobody has looked at the settings yet, and where there is no such application."""
    return _with_key(BY_SLUG.first(slug=slug))


def settings_as_they_stand(application: Application) -> SsoSettings | None:
    """Read anew, in the transaction that is open. None as above."""
    settings = _with_key(BY_ID.first(application_id=application.pk))
    if settings is not None:
        settings.application.tenant = application.tenant
    return settings


def _with_key(pair: KeyPair | None) -> SsoSettings | None:
    if pair is None:
        return None
    settings: SsoSettings = pair.application.sso
    settings.signing_pair = pair
    return settings
