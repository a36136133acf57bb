"""A link in the launcher: no sign-on, no accounts."""

from django.utils.translation import gettext_lazy as _

from apps.applications.catalog.connector import Connector

CONNECTOR = Connector(
    key="bookmark",
    label="Bookmark",
    description=_("A link that opens in a new tab"),
    category=_("Generic"),
    colour="amber",
    is_bookmark=True,
)
