"""Questions about effective access: over all bound groups, now."""

from typing import Any
from uuid import UUID

from apps.applications.models import Application
from apps.directory.models import Group, User
from apps.tenants.prepared import PreparedQuery

GIVING = PreparedQuery(
    lambda application_id, user_id: Group.objects.filter(applications=application_id, members=user_id),
    application_id=UUID,
    user_id=UUID,
)


def people_with(application: Application) -> Any:
    """QuerySet of the active people whom any bound group gives this application."""
    return User.objects.active().filter(user_groups__applications=application).distinct()


def groups_giving(application: Application, user: User) -> Any:
    """Why this person has this application: QuerySet of groups, empty when they have not."""
    return Group.objects.filter(applications=application, members=user)


def is_given(application: Application, user: User) -> bool:
    """Whether any group gives it, whatever state the two are in."""
    return GIVING.exists(application_id=application.pk, user_id=user.pk)


def has_access(user: User, application: Application) -> bool:
    return application.active and user.active and is_given(application, user)
