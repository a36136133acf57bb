"""
DirectoryError                 (apps.directory.errors) refusals with `fields`, for forms and the API
├── IntegrationInvalid         what the administrator entered cannot be
├── ImportRefused              there is nothing to import now, or nobody was chosen
├── Outdated                   what the administrator looked at is not what would be done by now
└── ActivationRefused          the application did not let us in: nothing was changed

TargetError                    what an application answered, or that it did not; each knows its outcome
├── Rejected        permanent  a 4xx that the same request would get again: parks this one resource
│   ├── Taken                  409: look again and adopt
│   ├── NotSupported           405, 501: try the other verb
│   └── AdoptionRefused        an account is there, but it may be somebody else's
├── Missing         permanent  404 for one resource: look it up again
├── CredentialsRefused auth    401, 403: three in a row quarantine the integration
├── Unavailable     passing    not reached, or nothing that could be read: the same request may be sent again
│   └── Throttled              429, 503: not before `retry_after`
├── Uncertain       ambiguous  a write whose fate is unknown: settle, read back, then decide
└── Deferred                   not sent: the application asked for a pause, or the integration was stopped
"""

from typing import Any, ClassVar

from django.utils.functional import Promise

from apps.directory.errors import FieldsInvalid


class IntegrationInvalid(FieldsInvalid):
    pass


class Outdated(FieldsInvalid):
    """Read it again: nothing was done."""


class ActivationRefused(FieldsInvalid):
    """`fields` has "token" or "base_url"; the event with the application's own words is already written."""


class ImportRefused(FieldsInvalid):
    pass


class TargetError(Exception):
    """`detail` is the application's own words where it said any, free of secrets; `retry_after` is in seconds."""

    outcome: ClassVar[str] = "passing"
    read_back: bool = False

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        scim_type: str = "",
        retry_after: float | None = None,
        read_back: bool = False,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.scim_type = scim_type
        self.retry_after = retry_after
        self.read_back = read_back or self.read_back

    @property
    def headline(self) -> str:
        """ "409 uniqueness": for a chip or the first part of a message chain."""
        return " ".join(str(part) for part in (self.status, self.scim_type) if part)

    def message_chain(self, message: str | Promise) -> dict[str, str | Promise]:
        return {
            "response_code": str(self.status or ""),
            "response_message": message,
            "message_details": self.detail,
        }


class Rejected(TargetError):
    outcome = "permanent"


class Taken(Rejected):
    pass


class NotSupported(Rejected):
    pass


class AdoptionRefused(Rejected):
    pass


class Missing(TargetError):
    outcome = "permanent"


class CredentialsRefused(TargetError):
    outcome = "auth"


class Unavailable(TargetError):
    pass


class Throttled(Unavailable):
    """503 on a write may have been carried out, so it is read back as well (`read_back`)."""


class Uncertain(TargetError):
    outcome = "ambiguous"
    read_back = True


class Deferred(Exception):
    """The gate closed before this request was sent."""


_BY_STATUS: dict[int, type[TargetError]] = {
    401: CredentialsRefused,
    403: CredentialsRefused,
    404: Missing,
    405: NotSupported,
    408: Unavailable,
    409: Taken,
    425: Unavailable,
    429: Throttled,
    501: NotSupported,
    503: Throttled,
}


def error_for(status: int, detail: str, *, writes: bool, **more: Any) -> TargetError:
    """Which branch a status of HTTP is: facts of each application apart, the same for all (RFC 7644 section 3.12, RFC 9110)."""
    kind = _BY_STATUS.get(status) or (
        Rejected if 400 <= status < 500 else Uncertain if writes else Unavailable
    )
    unsure = writes and status in {408, 503}
    return kind(detail, status=status, read_back=unsure, **more)
