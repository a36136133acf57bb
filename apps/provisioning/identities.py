"""What an application knows many people by, as parts of a query: what it was told last, else what it would be told."""

from typing import Any

from django.db.models import F, OuterRef, Subquery, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from apps.applications.catalog import Connector
from apps.applications.models import Application
from apps.provisioning.models import RemoteUser

EMAIL = 'emails[type eq "work"].value'


def account_expressions(application: Application) -> dict[str, Any]:
    """Over rows of User: user_name, external_id, account_email and remote_id, each "" where there is none.

    The e-mail is always the one that would be told: its path has quotes, which SQLite finds in no document.
    """
    connector = application.connector
    return {
        "user_name": _told_or_planned(application, "userName"),
        "external_id": _told_or_planned(application, "externalId"),
        "account_email": planned(connector, EMAIL),
        "remote_id": _first(Subquery(_accounts(application).values("remote_id")[:1]), Value("")),
    }


def planned(connector: Connector, path: str) -> Any:
    """As apps.provisioning.documents.values_of has it."""
    rows = connector.scim.attributes if connector.scim else ()
    source = next((row.source for row in rows if row.scim == path), None)
    if source is None:
        return Value("")
    both = NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value(""))
    full_name = _first(both, NullIf(F("display_name"), Value("")), F("username"))
    if source == "full_name":
        return full_name
    if source == "display_name":
        return _first(NullIf(F("display_name"), Value("")), full_name)
    return F(source)


def _told_or_planned(application: Application, path: str) -> Any:
    told = _accounts(application).annotate(told=KeyTextTransform(path, "sent")).values("told")[:1]
    return _first(Subquery(told), planned(application.connector, path))


def _first(*expressions: Any) -> Any:
    """That is not NULL. They are of several types: short texts, e-mail addresses, parts of a document."""
    return Coalesce(*expressions, output_field=TextField())


def _accounts(application: Application) -> Any:
    return RemoteUser.objects.filter(integration__application=application, user_id=OuterRef("pk"))
