"""
ApplicationError        what the administrator asked for cannot be; `fields` says where and why
├── ApplicationInvalid  a value is missing or misspelt
├── ApplicationTaken    the SSO IdP URL is in use by another application of the tenant
└── BoundChanged        somebody else bound, let go or deleted a group since the caller looked
"""

from apps.directory.errors import DirectoryError, FieldsInvalid, FieldsTaken


class ApplicationError(DirectoryError):
    pass


class ApplicationInvalid(ApplicationError, FieldsInvalid):
    pass


class ApplicationTaken(ApplicationError, FieldsTaken):
    pass


class BoundChanged(ApplicationError):
    pass
