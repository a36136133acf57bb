"""
apps.lib.scim.errors.ScimError   each knows its status and scimType on the wire
├── UnsupportedMediaType         415
├── EmailExists                  409, the person is here already and not the source's
├── GroupExists                  409, the same of a group
├── Throttled                    429, with Retry-After
├── ReadOnlyHere                 403, this must not come from outside
│   ├── NotYours                 403, the person belongs to somebody else
│   └── GroupNotYours            403, the same of a group

`as_scim_error` says in SCIM what the directory or the payload engine refused.
"""

from typing import Any, Self

from django.utils.translation import gettext as _
from pydantic import ValidationError
from scim2_models import Error, InvalidValueException, SCIMException

from apps.directory.errors import DirectoryError, FieldsTaken
from apps.directory.models import Group
from apps.directory.models import User as Person
from apps.lib.scim import errors
from apps.lib.scim.errors import BadRequest, Forbidden, InvalidValue, ScimError, TooManyRequests, Uniqueness
from apps.scim.resources import ATTRIBUTES

BY_SCIM_TYPE: dict[str, type[ScimError]] = {
    each.scim_type: each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, ScimError)
}


class UnsupportedMediaType(ScimError):
    status = 415
    default_detail = "The body must be application/scim+json or application/json."


class Throttled(TooManyRequests):
    def __init__(self, detail: str = "", *, seconds: int = 1) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(seconds)}


class NotLinked(ScimError):
    """Mixed into a refusal that an administrator can lift by linking the person."""

    user: Person
    external_id = ""
    user_name = ""

    def about(self, user: Person, *, external_id: str | None, user_name: str | None) -> Self:
        self.user, self.external_id, self.user_name = user, external_id or "", user_name or ""
        return self


class EmailExists(NotLinked, Uniqueness):
    # The first words are GitLab's.
    default_detail = "emails.value: Email exists. An administrator can link this account to you in the console of Gatehouse."


class ReadOnlyHere(Forbidden):
    default_detail = "This can only be changed in the console of Gatehouse."


class NotYours(NotLinked, ReadOnlyHere):
    default_detail = (
        "Somebody else created this person: you may read, but not change them. "
        "An administrator can link them to you in the console of Gatehouse."
    )


class GroupNotLinked(ScimError):
    """Mixed into a refusal that an administrator can lift by linking the group."""

    group: Group
    external_id = ""

    def about(self, group: Group, *, external_id: str | None) -> Self:
        self.group, self.external_id = group, external_id or ""
        return self


class GroupExists(GroupNotLinked, Uniqueness):
    default_detail = "displayName: A group of this name exists. An administrator can link it to you in the console of Gatehouse."


class GroupNotYours(GroupNotLinked, ReadOnlyHere):
    default_detail = (
        "This source did not create this group; it may read, but not change it. "
        "An administrator can link it in the console of Gatehouse."
    )


def as_scim_error(error: Exception) -> ScimError:
    """For DirectoryError and what scim2-models raises."""
    if isinstance(error, DirectoryError):
        kind = Uniqueness if isinstance(error, FieldsTaken) else InvalidValue
        return kind(_in_words(error))
    if isinstance(error, SCIMException) and not isinstance(error, InvalidValueException):
        return _of_engine(error.to_error())
    # What a value is refused for stands in pydantic's own error, several lines of it; the first is told.
    refused = error if isinstance(error, ValidationError) else error.__cause__
    if isinstance(refused, ValidationError):
        return _of_engine(Error.from_validation_error(refused.errors()[0]))
    if isinstance(error, SCIMException):
        return _of_engine(error.to_error())
    raise error


def _of_engine(error: Any) -> ScimError:
    kind = BY_SCIM_TYPE.get(error.scim_type or "", BadRequest)
    return kind(str(error.detail or ""))


def _in_words(error: DirectoryError) -> str:
    """ "userName: This is already taken." with the attribute's name on the wire."""
    return " ".join(
        f"{ATTRIBUTES.get(field, field)}: {' '.join(texts)}" if field != "__all__" else _("Already taken.")
        for field, texts in error.fields.items()
    )
