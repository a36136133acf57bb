"""What is taken back on a page of its own: an API key, a source's token, its groups and the people who wait for it."""

from apps.accounts.models import Administrator, Passkey
from apps.api.actions import add_api_key
from apps.directory.models import User
from apps.events.actors import Actor
from apps.scim.models import ExternalGroup, ExternalIdentity, PendingLink, ScimToken, Source
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.conftest import Person, person


def furnish_keys(owner: User, source: Source, system: Actor) -> dict[str, str]:
    """Name → id for addresses."""
    key, _secret = add_api_key(actor=system, owner=Administrator.objects.get(user=owner), name="Report")
    things = {
        "api key": key,
        "scim token": ScimToken.objects.get(source=source),
        "external group": ExternalGroup.objects.filter(source=source).first(),
        "external identity": ExternalIdentity.objects.get(source=source),
        "pending link": PendingLink.objects.filter(source=source).get(),
    }
    return {name: str(thing.pk) for name, thing in things.items()}


def somebody_with_a_passkey(tenant: Tenant) -> Person:
    """Erin, whose one passkey no device holds."""
    erin = person(tenant, "erin")
    with in_tenant(tenant):
        Passkey(user=erin.user, name="Work laptop", credential_id="none", public_key=b"none").save()
    return erin
