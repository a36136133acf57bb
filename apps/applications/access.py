"""Questions about effective access: over all bound groups, now."""

from typing import Any

from apps.applications.models import Application
from apps.directory.models import Group, User


def people_with(application: Application) -> Any:
    """QuerySet of the active people whom any bound group gives this application."""
    return User.objects.active().filter(user_groups__applications=application).distinct()


def groups_giving(application: Application, user: User) -> Any:
    """Why this person has this application: QuerySet of groups, empty when they have not."""
    return Group.objects.filter(applications=application, members=user)


def has_access(user: User, application: Application) -> bool:
    return application.active and user.active and groups_giving(application, user).exists()
