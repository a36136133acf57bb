"""Which groups an application is told about a person."""

from collections.abc import Iterable

from apps.applications.access import groups_giving
from apps.directory.models import Group, User
from apps.saml.models import GroupsSent, SsoSettings


def group_names(user: User, settings: SsoSettings) -> Iterable[str]:
    """A query that is not made before somebody reads it. Another application's groups are nobody's business unless chosen."""
    if settings.groups_sent == GroupsSent.ALL:
        groups = Group.objects.filter(members=user)
    else:
        groups = groups_giving(settings.application, user)
    names: Iterable[str] = groups.values_list("name", flat=True)
    return names
