"""SCIM errors (RFC 7644 section 3.12, tables 8 and 9), and what makes an answer unreadable.

ScimError                    each knows its status, scimType and default detail
    BadRequest               400
        InvalidFilter  TooMany  Mutability  InvalidSyntax  InvalidPath  NoTarget  InvalidValue  InvalidVersion  Sensitive
    Unauthorized             401
    Forbidden                403
    NotFound                 404
    MethodNotAllowed         405
    Conflict                 409
        Uniqueness
    PreconditionFailed       412
    TooLarge                 413
    TooManyRequests          429
    NotImplementedHere       501
ReadingError                 an answer that cannot be read, however lenient one is
    NotScim                  not the kind of document that was asked for
    SeveralMatch             two resources where there must be one
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from apps.lib.scim.schemas import ERROR


class ScimError(Exception):
    """`detail` is for the administrator of the other side: it names the attribute and quotes no secret."""

    status: ClassVar[int] = 500
    scim_type: ClassVar[str] = ""
    headers: Mapping[str, str] = MappingProxyType({})  # of the answer
    default_detail: ClassVar[str] = "Something went wrong here; nothing was changed."

    def __init__(self, detail: str = "") -> None:
        self.detail = detail or self.default_detail
        super().__init__(self.detail)

    def to_document(self) -> dict[str, Any]:
        """`status` is a string (RFC 7644 section 3.12); Entra and Okta both read it so."""
        document: dict[str, Any] = {"schemas": [ERROR], "status": str(self.status), "detail": self.detail}
        if self.scim_type:
            document["scimType"] = self.scim_type
        return document


class BadRequest(ScimError):
    status = 400
    default_detail = "The request cannot be read."


class InvalidFilter(BadRequest):
    scim_type = "invalidFilter"
    default_detail = "The filter cannot be read, or compares an attribute that cannot be filtered."


class TooMany(BadRequest):
    scim_type = "tooMany"
    default_detail = "The filter yields more results than can be returned."


class Mutability(BadRequest):
    scim_type = "mutability"
    default_detail = "The attribute cannot be changed."


class InvalidSyntax(BadRequest):
    scim_type = "invalidSyntax"
    default_detail = "The request's body is not a SCIM message."


class InvalidPath(BadRequest):
    scim_type = "invalidPath"
    default_detail = "The path does not name an attribute."


class NoTarget(BadRequest):
    scim_type = "noTarget"
    default_detail = "The path matches nothing."


class InvalidValue(BadRequest):
    scim_type = "invalidValue"
    default_detail = "A required value is missing, or a value does not fit its attribute."


class InvalidVersion(BadRequest):
    scim_type = "invalidVers"
    default_detail = "This version of SCIM is not supported."


class Sensitive(BadRequest):
    scim_type = "sensitive"
    default_detail = "The request holds sensitive information in its address; send it with POST."


class Unauthorized(ScimError):
    status = 401
    default_detail = "The bearer token is missing or not valid."


class Forbidden(ScimError):
    status = 403
    default_detail = "The token may not do this."


class NotFound(ScimError):
    status = 404
    default_detail = "There is no such resource."


class MethodNotAllowed(ScimError):
    status = 405
    default_detail = "The address does not have this method."


class Conflict(ScimError):
    status = 409
    default_detail = "The request conflicts with the resource as it is."


class Uniqueness(Conflict):
    scim_type = "uniqueness"
    default_detail = "Another resource already has this value."


class PreconditionFailed(ScimError):
    status = 412
    default_detail = "The resource has changed since it was read."


class TooLarge(ScimError):
    status = 413
    default_detail = "The request is larger than is accepted."


class TooManyRequests(ScimError):
    status = 429
    default_detail = "Too many requests; wait as long as Retry-After says."


class NotImplementedHere(ScimError):
    status = 501
    default_detail = "This operation is not supported."


class ReadingError(Exception):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotScim(ReadingError):
    pass


class SeveralMatch(ReadingError):
    pass
