"""How a person arranges their own launcher. Nobody else's business: nothing of it is in the log."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.applications.models import Application
from apps.directory.models import User
from apps.launcher.models import Shortcut


def set_favourite(user: User, application: Application, *, favourite: bool) -> None:
    Shortcut.objects.update_or_create(user=user, application=application, defaults={"favourite": favourite})


@transaction.atomic
def set_order(user: User, applications: Sequence[UUID]) -> None:
    """From now on in this order; whatever comes later follows by its label."""
    Shortcut.objects.bulk_create(
        [Shortcut(user=user, application_id=key, position=number) for number, key in enumerate(applications)],
        update_conflicts=True,
        unique_fields=["user", "application"],
        update_fields=["position"],
    )


def forget_order(user: User) -> None:
    Shortcut.objects.filter(user=user).update(position=None)


def note_opened(user: User, application: Application) -> None:
    """For "Recent". One statement, since a launch waits for it."""
    row = Shortcut(user=user, application=application, opened_at=timezone.now())
    Shortcut.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["user", "application"], update_fields=["opened_at"]
    )
