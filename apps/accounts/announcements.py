"""One sentence that an organisation tells everybody on their launcher, until a day if one is given; whoever closed it does not see it again."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.announcement_models import Announcement, ClosedAnnouncement
from apps.directory.errors import FieldsInvalid
from apps.directory.models import User
from apps.events.actions import changes_between, record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.tenants.models import Tenant


def announcement() -> Announcement | None:
    """The organisation's, also when its day is over."""
    found: Announcement | None = Announcement.objects.first()
    return found


def announcement_for(user: User) -> Announcement | None:
    """What the person has still to be told. `until` is the last day of it, by the person's own clock."""
    current = Announcement.objects.filter(Q(until=None) | Q(until__gte=timezone.localdate()))
    closed = ClosedAnnouncement.objects.filter(user=user).values("announcement")
    found: Announcement | None = current.exclude(pk__in=closed).first()
    return found


@transaction.atomic
def announce(tenant: Tenant, text: str, *, until: dt.date | None, actor: Actor) -> Announcement | None:
    """In place of the one before; "" takes it away. Another text is told to everybody anew, another day is not. Raises FieldsInvalid."""
    before = Announcement.objects.select_for_update().first()
    wanted = Announcement(text=text.strip(), until=until if text.strip() else None)
    changes = changes_between(_told(before), _told(wanted))
    if not changes:
        return announcement()
    if wanted.text:
        try:
            wanted.clean_fields(exclude={"tenant"})
        except ValidationError as error:
            raise FieldsInvalid.from_validation(error) from error
    kept = before if before is not None and before.text == wanted.text else None
    if kept is not None:
        kept.until = wanted.until
        kept.save()
    else:
        Announcement.objects.all().delete()
        if wanted.text:
            wanted.save()
    target = Target("organization", str(tenant.pk), tenant.name)
    record(EventType.ORGANIZATION_UPDATE, actor=actor, target=target, changes=changes)
    return announcement()


def _told(one: Announcement | None) -> dict[str, str]:
    """As the log names it."""
    text, until = (one.text, one.until) if one else ("", None)
    return {"announcement": text, "announced until": until.isoformat() if until else ""}


def close_announcement(user: User, closed: Announcement) -> None:
    """For this person, for good. Nobody else's business: nothing of it is in the log."""
    ClosedAnnouncement.objects.bulk_create(
        [ClosedAnnouncement(user=user, announcement=closed)], ignore_conflicts=True
    )
