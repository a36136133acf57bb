"""BlogIn: users with its ten attributes, groups as teams.

Its documents name the attributes and the operations (create, update, deactivate, import, group push); no reference of its API is
public, so filters, paging and error bodies are those of the RFC.
"""

from django.utils.translation import gettext_lazy as _

from apps.sandbox.targets import rfc
from apps.sandbox.targets.wire import Answer, Document, Kind, rfc_refusal, scim_error

ATTRIBUTES = frozenset(
    {"userName", "active", "emails", "name", "title", "phoneNumbers", "timezone", "displayName"}
)
NAME_PARTS = frozenset({"givenName", "familyName", "formatted"})


def keep(document: Document) -> Document:
    """The attribute table; externalId is stored beside it."""
    kept = {name: value for name, value in document.items() if name in ATTRIBUTES | {"externalId"}}
    if "name" in kept:
        kept["name"] = {part: value for part, value in kept["name"].items() if part in NAME_PARTS}
    return kept


KIND = Kind(
    key="blogin",
    real_base_url="https://<subdomain>.blogin.co/sso/scim/V2",
    source=_("BlogIn's page on user provisioning and the attribute table of its connector guides"),
    oddities=(
        _(
            "Stores userName, emails, active, the three names, title, work phone, timezone and displayName; nothing else."
        ),
        _("Users are deactivated, never deleted. Groups become teams."),
        _("A password may be sent; it never comes back."),
    ),
    routes={**rfc.user_routes(keep), **rfc.group_routes()},
    refusal=rfc_refusal,
    unauthorized=Answer(401, scim_error("401", "The token is not valid.")),
    elsewhere=Answer(404, scim_error("404", "There is no such endpoint.")),
    wrong_method=Answer(405, scim_error("405", "This endpoint does not have that method.")),
)
