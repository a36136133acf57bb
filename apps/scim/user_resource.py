"""A person of the directory as a User resource, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.directory.models import User as Person
from apps.directory.validators import fold
from apps.lib.scim.schemas import ENTERPRISE_USER, USER
from apps.scim.models import ExternalIdentity
from apps.scim.resources import Email, EnterpriseUser, Name

Document = dict[str, Any]

# Attribute → directory field, for texts: of the resource, of its name, of the enterprise extension.
TEXTS = {
    "userName": "username",
    "displayName": "display_name",
    "title": "job_title",
    "timezone": "timezone",
}
NAMES = {"givenName": "first_name", "familyName": "last_name"}
COMPANY = {
    "employeeNumber": "employee_number",
    "costCenter": "cost_center",
    "organization": "organization",
    "division": "division",
    "department": "department",
}
NOTHING = dict.fromkeys([*TEXTS.values(), *NAMES.values(), *COMPANY.values(), "manager"], "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request makes of a person. `fields` are the directory's: what is absent is empty, but for the e-mail address, which
    everybody needs and which is then left out. `secondary` are the other addresses."""

    fields: dict[str, str]
    secondary: list[dict[str, str]]
    external_id: str | None
    active: bool | None


def document_of(person: Person, identity: ExternalIdentity | None) -> Document:
    """
    As the source of `identity` knows them; what they do not have is left out. Without id and meta, which are not part of what a request
    changes, and without name.formatted. Made by hand: a list has 200 of them.
    """
    told = {
        "employeeNumber": person.employee_number,
        "costCenter": person.cost_center,
        "organization": person.organization,
        "division": person.division,
        "department": person.department,
        "manager": {"value": person.manager} if person.manager else None,
    }
    name = {
        "givenName": person.first_name,
        "familyName": person.last_name,
    }
    numbers = {"work": person.work_phone, "mobile": person.mobile_phone}
    enterprise = _given(told)
    return _given(
        {
            "schemas": [USER, ENTERPRISE_USER] if enterprise else [USER],
            "externalId": identity and identity.external_id,
            "userName": identity.user_name if identity else person.username,
            "name": _given(name),
            "displayName": person.display_name,
            "title": person.job_title,
            "timezone": person.timezone,
            "active": person.active,
            "emails": emails_of(person, identity),
            "phoneNumbers": [{"value": number, "type": kind} for kind, number in numbers.items() if number],
            ENTERPRISE_USER: enterprise,
        }
    )


def emails_of(person: Person, identity: ExternalIdentity | None) -> list[Document]:
    """The company's first."""
    company = {"value": person.email, "type": "work", "primary": True}
    if identity is None or not identity.secondary_emails:
        return [company]
    return [company, *({**each, "primary": False} for each in identity.secondary_emails)]


def _given(values: Document) -> Document:
    return {name: value for name, value in values.items() if value or value is False}


def wanted_of(user: Any) -> Wanted:
    """What a resource of scim2-models asks for; what is absent is empty."""
    name, told = user.name or Name(), user[EnterpriseUser] or EnterpriseUser()
    texts = {
        "username": user.user_name,
        "first_name": name.given_name,
        "last_name": name.family_name,
        "display_name": user.display_name,
        "job_title": user.title,
        "timezone": user.timezone,
        "employee_number": told.employee_number,
        "cost_center": told.cost_center,
        "organization": told.organization,
        "division": told.division,
        "department": told.department,
        "manager": told.manager.value if told.manager else None,
    }
    return wanted(
        {field: value or "" for field, value in texts.items()},
        user.emails or [],
        user.phone_numbers or [],
        external_id=user.external_id,
        active=user.active,
    )


def wanted(
    texts: dict[str, str],
    emails: Sequence[Any],
    phones: Sequence[Any],
    *,
    external_id: str | None,
    active: bool | None,
) -> Wanted:
    """`texts` are directory fields, those that are missing are empty; `emails` and `phones` have a value, a type and a primary."""
    company = _company(emails)
    address = {"email": str(company.value)} if company else {}
    return Wanted(
        fields=NOTHING | texts | _phones(phones) | address,
        secondary=_secondary(emails, company),
        external_id=external_id,
        active=active,
    )


def _company(emails: Sequence[Any]) -> Any:
    """The work one, of several the primary one; else the primary one, else the first."""
    given = [each for each in emails if each.value]
    return min(given, key=lambda each: (_kind(each) != "work", not each.primary), default=None)


def _secondary(emails: Sequence[Any], company: Any) -> list[dict[str, str]]:
    """All but the company's, each address once of a type."""
    kept: dict[tuple[str, str], dict[str, str]] = {}
    for each in emails:
        if each.value and each is not company:
            told = {"value": each.value.strip()} | ({"type": each.type} if each.type else {})
            kept.setdefault((fold(each.value), _kind(each)), told)
    return list(kept.values())


def keep_company(user: Any, person: Person) -> None:
    """
    After a PATCH: the company's address is not replaced by one that was never more than a secondary one, only because the other was taken
    away. Entra ID does that for whoever has no mailbox for a while.
    """
    if user.emails and not any(_kind(each) in {"work", ""} or each.primary for each in user.emails):
        user.emails.insert(0, Email(value=person.email, type="work", primary=True))


def _phones(phones: Sequence[Any]) -> dict[str, str]:
    """A number without a type is for work; fax, home and others are not kept."""
    given = {_kind(each): each.value for each in reversed(phones) if each.value}
    return {
        "work_phone": given.get("work") or given.get("") or "",
        "mobile_phone": given.get("mobile") or "",
    }


def _kind(element: Any) -> str:
    return (element.type or "").casefold()
