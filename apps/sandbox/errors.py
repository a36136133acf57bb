"""
SandboxError
├── MetadataRefused    the identity provider's metadata cannot be used
├── AssertionRefused   a SAML response failed one check; it knows which
└── ScimRefused        a SCIM request that this kind of target refuses; the kind decides how that looks on the wire
"""

from django.utils.functional import Promise


class SandboxError(Exception):
    """`detail` is a sentence for people."""

    def __init__(self, detail: str | Promise) -> None:
        super().__init__(detail)
        self.detail = detail


class MetadataRefused(SandboxError):
    """Nothing was changed."""


class AssertionRefused(SandboxError):
    """`check` is the name of the check that failed, for people and for tests."""

    def __init__(self, check: str, detail: str | Promise) -> None:
        super().__init__(detail)
        self.check = check


class ScimRefused(SandboxError):
    """`status` is HTTP's; `scim_type` is that of RFC 7644 table 9, or what the imitated product says instead."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.scim_type = scim_type
