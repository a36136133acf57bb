"""Whether what a model's fields hold may be stored: Model.clean_fields, which is asked only about values in which something can be wrong."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db.models import BooleanField, CharField, Model

from apps.lib.names import validate_text


def clean_fields(row: Model, *, exclude: set[str]) -> None:
    """As `row.clean_fields(exclude=exclude)`, with the same refusals: ValidationError."""
    texts, truths = _kinds(type(row))
    values = row.__dict__
    sound = {
        name for name, longest, may_be_empty in texts if _is_sound(values.get(name), longest, may_be_empty)
    }
    sound |= {name for name in truths if isinstance(values.get(name), bool)}
    row.clean_fields(exclude=exclude | sound)


def _is_sound(value: Any, longest: int, may_be_empty: bool) -> bool:
    """A text as most are, of letters that everybody can see. validate_text has nothing against it."""
    if type(value) is not str:
        return False
    if not value:
        return may_be_empty
    return len(value) <= longest and value.isascii() and value.isprintable()


@lru_cache(100)
def _kinds(model: type[Model]) -> tuple[list[tuple[str, int, bool]], list[str]]:
    """The texts of which nothing else is asked, with their greatest lengths and whether they may be empty, and the truth values."""
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's documented Meta API
    truths = [field.name for field in fields if type(field) is BooleanField and not field.choices]
    return list(_texts(fields)), truths


def _texts(fields: Any) -> Iterator[tuple[str, int, bool]]:
    for field in fields:
        if type(field) is CharField and field.max_length and not field.choices:
            asked = [each for each in field.validators if not isinstance(each, MaxLengthValidator)]
            if asked in ([], [validate_text]):
                yield field.name, field.max_length, field.blank
