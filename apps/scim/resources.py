"""The resources as this service provider keeps them (RFC 7643 section 4), on scim2-models.

Only what the directory stores is declared: Schemas tells no more than is true, anything else in a request is dropped, and a filter on it is refused.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator
from scim2_models import (
    URN,
    AnyExtension,
    CaseExact,
    ComplexAttribute,
    Context,
    Extension,
    Mutability,
    Reference,
    Required,
    Resource,
    Returned,
    ScimPolicy,
    Uniqueness,
)

from apps.lib.scim.schemas import ENTERPRISE_USER, GROUP, USER
from apps.lib.scim.values import read_boolean

# Entra ID and Okta: unknown attributes and URNs, removal by value, a value path that names an element not there yet.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)

# Directory field → attribute, for words about what was refused.
ATTRIBUTES = {
    "username": "userName",
    "email": "emails.value",
    "first_name": "name.givenName",
    "last_name": "name.familyName",
    "display_name": "displayName",
    "job_title": "title",
    "work_phone": "phoneNumbers.value",
    "mobile_phone": "phoneNumbers.value",
    "timezone": "timezone",
    "employee_number": "employeeNumber",
    "department": "department",
    "division": "division",
    "organization": "organization",
    "cost_center": "costCenter",
    "manager": "manager.value",
    "external_id": "externalId",
    "name": "displayName",
    "members": "members.value",
}


class Name(ComplexAttribute):
    """The components of the person's name."""

    # Entra's standard mapping sends it: it is dropped (apps/scim/patching.py), for an error would park the person.
    formatted: Annotated[str | None, Mutability.read_only, Returned.request] = Field(
        default=None, description="The full name, made of the other names."
    )
    given_name: str | None = Field(default=None, description="First name.")
    family_name: str | None = Field(default=None, description="Last name.")


class Email(ComplexAttribute):
    """The person's e-mail addresses: the company's, and those that are only kept."""

    value: Annotated[str | None, Required.true] = Field(default=None, description="The address itself.")
    # One address alone is the company's whatever its type, and told as the work one: so nothing else is suggested.
    type: str | None = Field(default=None, description="What it is for.", examples=["work"])
    primary: bool | None = Field(
        default=None,
        description="True of the company's address, which the person signs in with.",
        examples=["true"],
    )


class PhoneNumber(ComplexAttribute):
    """A telephone number of the person: one for work, one mobile."""

    value: str | None = Field(default=None, description="The number itself.")
    type: str | None = Field(default=None, description="What it is for.", examples=["work", "mobile"])


class Superior(ComplexAttribute):
    """The person's manager."""

    value: Annotated[str | None, CaseExact.true] = Field(
        default=None, description="The manager's id, here or at the identity provider, as it was sent."
    )


class EnterpriseUser(Extension):
    """What the company says of the person."""

    __schema__ = URN(ENTERPRISE_USER)

    employee_number: str | None = Field(default=None, description="Employee number.")
    cost_center: str | None = Field(default=None, description="Cost center.")
    organization: str | None = Field(default=None, description="Organization.")
    division: str | None = Field(default=None, description="Division.")
    department: str | None = Field(default=None, description="Department.")
    manager: Superior | None = Field(default=None, description="The person's manager.")

    @field_validator("manager", mode="before")
    @classmethod
    def _however_it_is_sent(cls, value: Any) -> Any:
        """Entra sends an array of one, OneLogin's templates `managerId`, others the bare id."""
        if isinstance(value, list) and len(value) < 2:
            value = value[0] if value else None
        if isinstance(value, str):
            return {"value": value}
        if isinstance(value, Mapping) and "value" not in value and isinstance(value.get("managerId"), str):
            return {"value": value["managerId"]}
        return value


class User(Resource[AnyExtension]):
    """A person in the directory."""

    __schema__ = URN(USER)

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = Field(
        default=None, description="What the person signs in with."
    )
    name: Name | None = Field(default=None, description="The components of the person's name.")
    display_name: str | None = Field(default=None, description="The name as other people see it.")
    title: str | None = Field(default=None, description="Job title.")
    timezone: str | None = Field(
        default=None,
        description="An IANA time zone.",
        examples=["Europe/London", "America/New_York", "Asia/Tokyo"],
    )
    # Everybody has these two. A request need not say them (apps/scim/adapters/users.py): a new person is active, and a user name that
    # is an address stands in for the e-mail address; whoever is there keeps theirs.
    active: Annotated[bool | None, Required.true] = Field(
        default=None, description="Whether the person may sign in and use applications."
    )
    emails: Annotated[list[Email] | None, Required.true] = Field(
        default=None, description="The e-mail addresses: the company's first."
    )
    phone_numbers: list[PhoneNumber] | None = Field(
        default=None, description="The telephone numbers: one for work, one mobile."
    )

    @field_validator("emails", "phone_numbers", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any) -> Any:
        """OneLogin's templates send an object. Who has no second address is sent with an empty one by some."""
        if isinstance(value, Mapping):
            return [value]
        return _without_empty(value) if isinstance(value, list) else value

    @field_validator("active", mode="before")
    @classmethod
    def _as_callers_spell_it(cls, value: Any) -> bool | None:
        """Stricter than pydantic, which also takes "off" and 0."""
        return None if value is None else read_boolean(value)


def _without_empty(elements: list[Any]) -> list[Any]:
    """All of them if none has a value: that is for the schema to refuse."""
    return [each for each in elements if not isinstance(each, Mapping) or each.get("value")] or elements


Person = User[EnterpriseUser]  # as this service provider has them


class Member(ComplexAttribute):
    """A person in the group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = Field(
        default=None, description="The person's id."
    )
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        default=None,
        serialization_alias="$ref",
        validation_alias="$ref",
        description="The person's address; when it is sent, the id says who is meant.",
    )
    type: Annotated[str | None, Mutability.immutable] = Field(
        default=None, description="Always User.", examples=["User"]
    )
    display: Annotated[str | None, Mutability.read_only, Returned.request] = Field(
        default=None, description="The name as other people see it."
    )


class Group(Resource[Any]):
    """A user group: what gives people access to applications."""

    __schema__ = URN(GROUP)

    display_name: Annotated[str | None, Uniqueness.server, Required.true] = Field(
        default=None, description="The group's name."
    )
    members: list[Member] | None = Field(default=None, description="The people in the group.")


def read(kind: Any, document: Mapping[str, Any], context: Context) -> Any:
    """Raises pydantic's ValidationError. What the client may not choose, and URNs of other vendors, are left out first."""
    left_out = {"schemas", "id", "meta", "groups"}
    kept = {name: value for name, value in document.items() if name.casefold() not in left_out}
    return kind.model_validate(kept | {"schemas": schemas_of(kind)}, scim_ctx=context, scim_policy=POLICY)


def schemas_of(kind: Any) -> list[str]:
    return [str(kind.__schema__), *map(str, kind.get_extension_models())]
