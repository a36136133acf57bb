"""The User resource as this service provider keeps it (RFC 7643 section 4.1), on scim2-models.

Only what the directory stores is declared: Schemas tells no more than is true, anything else in a request is dropped, and a filter on it is refused.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from django.http import QueryDict
from pydantic import Field, field_validator
from scim2_models import (
    URN,
    ComplexAttribute,
    Context,
    PatchOp,
    Required,
    Resource,
    ResponseParameters,
    ScimPolicy,
    Uniqueness,
)

from apps.directory.models import User as Person
from apps.lib.scim.schemas import PATCH_OP, USER
from apps.lib.scim.values import read_boolean
from apps.scim.models import ExternalIdentity

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
    "timezone": "timezone",
    "external_id": "externalId",
}


class Name(ComplexAttribute):
    """The components of the person's name."""

    # Made of the others when it is read. Writable all the same: Entra's standard mapping sends it, and an error would park the person.
    formatted: str | None = Field(default=None, description="The full name, made of the other names.")
    given_name: str | None = Field(default=None, description="First name.")
    family_name: str | None = Field(default=None, description="Last name.")


class Plural(ComplexAttribute):
    value: str | None = Field(default=None, description="The value itself.")
    type: str | None = Field(default=None, description="What it is for.", examples=["work"])
    primary: bool | None = Field(default=None, description="Whether it is the preferred one.")


class Email(Plural):
    """The person's company e-mail address."""


class PhoneNumber(Plural):
    """The person's work telephone number."""


class User(Resource[Any]):
    """A person in the directory."""

    __schema__ = URN(USER)

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = Field(
        default=None, description="What the person signs in with."
    )
    name: Name | None = Field(default=None, description="The components of the person's name.")
    display_name: str | None = Field(default=None, description="The name as other people see it.")
    title: str | None = Field(default=None, description="Job title.")
    timezone: str | None = Field(default=None, description="An IANA time zone, such as Europe/London.")
    active: bool | None = Field(
        default=None, description="Whether the person may sign in and use applications."
    )
    emails: list[Email] | None = Field(default=None, description="The company e-mail address.")
    phone_numbers: list[PhoneNumber] | None = Field(default=None, description="The work telephone number.")

    @field_validator("emails", "phone_numbers", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any) -> Any:
        """OneLogin's templates send an object."""
        return [value] if isinstance(value, Mapping) else value

    @field_validator("active", mode="before")
    @classmethod
    def _as_callers_spell_it(cls, value: Any) -> bool | None:
        """Stricter than pydantic, which also takes "off" and 0."""
        return None if value is None else read_boolean(value)


def read(document: Mapping[str, Any], context: Context) -> User:
    """Raises pydantic's ValidationError. What the client may not choose, and URNs of other vendors, are left out first."""
    left_out = {"schemas", "id", "meta", "groups"}
    kept = {name: value for name, value in document.items() if name.casefold() not in left_out}
    user: User = User.model_validate(kept | {"schemas": [USER]}, scim_ctx=context, scim_policy=POLICY)
    return user


def patched(user: User, operations: Any) -> User:
    """A copy with the operations applied (RFC 7644 section 3.5.2). Raises ValidationError and SCIMException."""
    message = {"schemas": [PATCH_OP], "Operations": operations}
    patch = PatchOp[User].model_validate(message, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY)
    copy = user.model_copy(deep=True)
    patch.patch(copy, scim_policy=POLICY)
    return copy


def parameters(query: QueryDict) -> ResponseParameters[User]:
    """`attributes` and `excludedAttributes` (RFC 7644 section 3.9)."""
    wanted = {name: query[name] for name in ("attributes", "excludedAttributes") if name in query}
    found: ResponseParameters[User] = ResponseParameters[User].model_validate(wanted)
    return found


def of_person(person: Person, identity: ExternalIdentity | None) -> User:
    """As the source of `identity` knows them. Without id and meta, which the adapter adds: they are not part of what a request changes."""
    phones = [PhoneNumber(value=person.work_phone, type="work", primary=True)] if person.work_phone else None
    name = Name(
        formatted=person.full_name or None,
        given_name=person.first_name or None,
        family_name=person.last_name or None,
    )
    return User(
        schemas=[USER],
        external_id=(identity and identity.external_id) or None,
        user_name=identity.user_name if identity else person.username,
        name=name,
        display_name=person.display_name or None,
        title=person.job_title or None,
        timezone=person.timezone or None,
        active=person.active,
        emails=[Email(value=person.email, type="work", primary=True)],
        phone_numbers=phones,
    )


def fields_of(user: User) -> dict[str, str]:
    """Directory fields; what is absent is empty, but for the e-mail address, which everybody needs and which is then left out."""
    name = user.name or Name()
    fields = {
        "username": user.user_name,
        "first_name": name.given_name,
        "last_name": name.family_name,
        "display_name": user.display_name,
        "job_title": user.title,
        "work_phone": _chosen(user.phone_numbers, strict=True),
        "timezone": user.timezone,
    }
    email = _chosen(user.emails, strict=False)
    return {field: value or "" for field, value in fields.items()} | ({"email": email} if email else {})


def _chosen(values: list[Any] | None, *, strict: bool) -> str:
    """The work one, else the primary one, else the first without a type; where not `strict`, else the first."""
    given = [each for each in values or [] if each.value]
    ranked = [each for each in given if (each.type or "").casefold() == "work"]
    ranked += [each for each in given if each.primary] + [each for each in given if not each.type]
    ranked += [] if strict else given
    return str(ranked[0].value) if ranked else ""
