"""Which groups an application is told about a person."""

from collections.abc import Iterator

from apps.applications.access import groups_giving
from apps.directory.models import Group, User
from apps.saml.models import GroupsSent, SsoSettings


def group_names(user: User, settings: SsoSettings) -> Iterator[str]:
    """A generator, so that nothing is asked, nor put together, before somebody reads it: most applications are told of none.

    Another application's groups are nobody's business unless chosen.
    """
    if settings.groups_sent == GroupsSent.ALL:
        groups = Group.objects.filter(members=user)
    else:
        groups = groups_giving(settings.application, user)
    yield from groups.values_list("name", flat=True)
