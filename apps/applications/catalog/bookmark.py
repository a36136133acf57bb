"""A link in the launcher: no sign-on, no accounts."""

from apps.applications.catalog.connector import Connector

CONNECTOR = Connector(
    key="bookmark",
    label="Bookmark",
    description="A link that opens in a new tab",
    category="Generic",
    colour="amber",
    is_bookmark=True,
)
