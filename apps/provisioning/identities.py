"""What an application knows many people by, as parts of a query: what it was told last, else what it would be told."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, OuterRef, Subquery, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from apps.applications.catalog import MappedAttribute
from apps.applications.models import Application
from apps.provisioning.models import Integration, RemoteUser

EMAIL = 'emails[type eq "work"].value'


def account_expressions(application: Application) -> dict[str, Any]:
    """Over rows of User: user_name, external_id, account_email and remote_id, each "" where there is none.

    The e-mail is always the one that would be told: its path has quotes, which SQLite finds in no document.
    """
    attributes = attributes_of(application)
    return {
        "user_name": _told_or_planned(application, attributes, "userName"),
        "external_id": _told_or_planned(application, attributes, "externalId"),
        "account_email": planned(attributes, EMAIL),
        "remote_id": _first(Subquery(_accounts(application).values("remote_id")[:1]), Value("")),
    }


def attributes_of(application: Application) -> tuple[MappedAttribute, ...]:
    """As they are told: with the integration's mapping where there is one."""
    integration: Integration | None = getattr(application, "integration", None)
    scim = integration.dialect if integration else application.connector.scim
    return scim.attributes if scim else ()


def planned(attributes: Iterable[MappedAttribute], path: str) -> Any:
    """As apps.provisioning.documents.values_of has it."""
    row = next((row for row in attributes if row.scim == path), None)
    if row is None or not row.source:
        return Value(row.constant if row else "", output_field=TextField())
    source = row.source
    both = NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value(""))
    full_name = _first(both, NullIf(F("display_name"), Value("")), F("username"))
    if source == "full_name":
        return full_name
    if source == "display_name":
        return _first(NullIf(F("display_name"), Value("")), full_name)
    return F(source)


def _told_or_planned(application: Application, attributes: Iterable[MappedAttribute], path: str) -> Any:
    told = _accounts(application).annotate(told=KeyTextTransform(path, "sent")).values("told")[:1]
    return _first(Subquery(told), planned(attributes, path))


def _first(*expressions: Any) -> Any:
    """That is not NULL. They are of several types: short texts, e-mail addresses, parts of a document."""
    return Coalesce(*expressions, output_field=TextField())


def _accounts(application: Application) -> Any:
    return RemoteUser.objects.filter(integration__application=application, user_id=OuterRef("pk"))
