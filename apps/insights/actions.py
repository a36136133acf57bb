"""What is taken out of the portal, and what it tells by itself: each is in the log."""

from django.db import transaction

from apps.applications.models import Application
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.insights.models import Digest
from apps.tenants.models import Tenant


@transaction.atomic
def note_access_export(application: Application | None, *, actor: Actor) -> None:
    """Before the first row leaves. None is all applications."""
    about = Target.of("application", application) if application is not None else None
    record(EventType.ACCESS_EXPORT, actor=actor, target=about, application=about)


@transaction.atomic
def set_digest(tenant: Tenant, *, enabled: bool, actor: Actor) -> None:
    """Whether administrators get the weekly digest. Set already: nothing is recorded."""
    digest, _created = Digest.objects.select_for_update().get_or_create()
    if digest.enabled == enabled:
        return
    digest.enabled = enabled
    digest.save(update_fields=["enabled"])
    record(
        EventType.ORGANIZATION_UPDATE,
        actor=actor,
        target=Target.of("organization", tenant),
        changes=[{"field": "weekly_digest", "from": not enabled, "to": enabled}],
    )
