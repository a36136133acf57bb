"""A person of the directory as a User resource, and back."""

from typing import Any

from apps.directory.models import User as Person
from apps.lib.scim.schemas import ENTERPRISE_USER, USER
from apps.scim.models import ExternalIdentity
from apps.scim.resources import Email, EnterpriseUser, Name, PhoneNumber

Document = dict[str, Any]


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
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            "phoneNumbers": [{"value": number, "type": kind} for kind, number in numbers.items() if number],
            ENTERPRISE_USER: enterprise,
        }
    )


def _given(values: Document) -> Document:
    return {name: value for name, value in values.items() if value or value is False}


def fields_of(user: Any) -> dict[str, str]:
    """Directory fields; what is absent is empty, but for the e-mail address, which everybody needs and which is then left out."""
    name, told = user.name or Name(), user[EnterpriseUser] or EnterpriseUser()
    fields = {
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
    email = _email(user.emails)
    return (
        {field: value or "" for field, value in fields.items()}
        | _phones(user.phone_numbers)
        | ({"email": email} if email else {})
    )


def _email(emails: list[Email] | None) -> str:
    """The work one, else the primary one, else the first."""
    given = [each for each in emails or [] if each.value]
    ranked = [each for each in given if _kind(each) == "work"]
    ranked += [each for each in given if each.primary] + given
    return str(ranked[0].value) if ranked else ""


def _phones(phones: list[PhoneNumber] | None) -> dict[str, str]:
    """A number without a type is for work; fax, home and others are not kept."""
    given = {_kind(each): each.value for each in reversed(phones or []) if each.value}
    return {
        "work_phone": given.get("work") or given.get("") or "",
        "mobile_phone": given.get("mobile") or "",
    }


def _kind(element: Any) -> str:
    return (element.type or "").casefold()
