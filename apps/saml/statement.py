"""What a response says about a person: settings and a person in, values out."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.directory.models import User
from apps.lib.xml import is_xml_text
from apps.saml.models import BASIC, NameIdFormat, SsoSettings
from apps.saml.name_ids import RANDOM, persistent_name_id


class Unwritable(Exception):
    """The person lacks what the NameID is made of, or has a character that XML does not know. Holds the field's name."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Name and format exactly as configured."""

    name: str
    name_format: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    name_id: str
    name_id_format: NameIdFormat
    attributes: tuple[Attribute, ...]


def statement_about(user: User, settings: SsoSettings, groups: Iterable[str]) -> Statement:
    """`groups` are the names that apps.saml.groups.group_names gives. Raises Unwritable."""
    attributes = [*_from_rows(user, settings)]
    if settings.include_groups:
        attributes.append(
            Attribute(settings.groups_attribute_name, settings.groups_name_format, tuple(sorted(groups)))
        )
    written = tuple(attribute for attribute in attributes if attribute.values)
    # python3-saml refuses an assertion without an AttributeStatement, and the schema one without an Attribute.
    written = written or (_something_about(user),)
    for attribute in written:
        if not all(is_xml_text(value) for value in attribute.values):
            raise Unwritable(attribute.name)
    return Statement(_name_id(user, settings), settings.name_id, written)


def _something_about(user: User) -> Attribute:
    if user.own_email:
        return Attribute("email", BASIC, (user.own_email,))
    return Attribute("username", BASIC, (user.username,))


def _from_rows(user: User, settings: SsoSettings) -> Iterable[Attribute]:
    for row in settings.attributes:
        value = _field(user, row["source"]) if row["source"] else row["constant"]
        if row["enabled"] and value:
            yield Attribute(row["name"], row["name_format"], (value,))


def _name_id(user: User, settings: SsoSettings) -> str:
    if settings.name_id is NameIdFormat.TRANSIENT:  # core 8.3.8: new each time, 128 to 160 random bits
        return "_" + secrets.token_hex(20)
    if settings.name_id_source == RANDOM:
        return persistent_name_id(user, settings.application)
    value = _field(user, settings.name_id_source)
    if not value or not is_xml_text(value):
        source = settings.name_id_source
        raise Unwritable(_("e-mail address of its own") if source == "email" and user.email else source)
    return value


def _field(user: User, source: str) -> str:
    """Somebody else's address is not said of anybody: the application would take one for the other."""
    return user.own_email if source == "email" else str(getattr(user, source))
