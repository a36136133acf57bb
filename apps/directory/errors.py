"""
DirectoryError        what the caller asked for cannot be; `fields` says where and why, in words for people
├── FieldsInvalid     a value is missing, too long, misspelt or holds characters no application accepts
│   └── LastOwner     nobody would be left to administer the tenant
└── FieldsTaken       another user or group of this tenant has it
"""

from collections.abc import Mapping

from django.core.exceptions import ValidationError


class DirectoryError(Exception):
    """Permanent: the same request would be refused again. `fields` maps a field's name to sentences."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in self.fields.items()))


class FieldsInvalid(DirectoryError):
    @classmethod
    def from_validation(cls, error: ValidationError) -> "FieldsInvalid":
        return cls(error.message_dict if hasattr(error, "error_dict") else {"password": error.messages})


class LastOwner(FieldsInvalid):
    pass


class FieldsTaken(DirectoryError):
    pass
