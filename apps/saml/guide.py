"""The vendor's guide of an application with our values, and theirs, filled in (apps.applications.catalog.guide)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from apps.applications.catalog import Step
from apps.applications.models import Application, Assignment
from apps.events.models import Event
from apps.events.types import EventType
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of
from apps.saml.addresses import certificate_url, metadata_url, sso_url
from apps.saml.models import SsoSettings


@dataclass(frozen=True, slots=True)
class FilledValue:
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class FilledStep:
    """`page` is the page of ours where it is done, "" for the vendor's. `done` is None where nothing tells us."""

    text: str
    values: tuple[FilledValue, ...]
    page: str
    done: bool | None


@dataclass(frozen=True, slots=True)
class FilledGuide:
    source: str
    sign_on: tuple[FilledStep, ...]
    accounts: tuple[FilledStep, ...]


def guide_of(application: Application, *, identity_active: bool) -> FilledGuide | None:
    """None for a bookmark, where there is nothing to set up. `identity_active` is apps.provisioning's to know."""
    guide = application.connector.guide
    if guide is None:
        return None
    settings = sso_of(application)
    values = values_of(settings)
    done = _done(settings) | {"identity": identity_active}
    return FilledGuide(
        guide.source,
        tuple(_filled(step, application, values, done) for step in guide.sign_on),
        tuple(_filled(step, application, values, done) for step in guide.accounts),
    )


def values_of(settings: SsoSettings) -> dict[str, str]:
    """Every placeholder that a guide may have."""
    application = settings.application
    certificate = certificates_of(application)[0]
    return {
        **application.parameters,
        "label": str(application),
        "sso_url": sso_url(application),
        "entity_id": metadata_url(application),
        "metadata_url": metadata_url(application),
        "certificate": certificate.certificate,
        "certificate_url": certificate_url(application),
        "fingerprint_sha1": certificate.fingerprint_sha1,
        "fingerprint_sha256": certificate.fingerprint_sha256,
        "sp_entity_id": settings.sp_entity_id,
        "acs_url": settings.acs_url,
        "login_url": settings.login_url,
    }


def _done(settings: SsoSettings) -> dict[str, bool]:
    application = settings.application
    sign_ins = Event.objects.filter(application_id=str(application.pk), type=EventType.SSO_AUTH, success=True)
    return {
        "sso": settings.complete,
        "groups": Assignment.objects.filter(application=application).exists(),
        "sign_in": sign_ins.exists(),
    }


def _filled(
    step: Step, application: Application, values: Mapping[str, str], done: Mapping[str, bool]
) -> FilledStep:
    def fill(template: str | Promise) -> str:
        return application.connector.fill(template, values)

    rows = tuple(FilledValue(row.field, fill(row.value)) for row in step.values)
    return FilledStep(fill(step.text), rows, step.page, done[step.done] if step.done else None)
