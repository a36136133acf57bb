"""
Instances of models, made at once where `Model.__init__` would do no more than put each value in its place: it asks each field, of which a
person has thirty. For rows that every request reads or writes (docs/decisions/0020-prepared-statements.md).
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.signals import post_init, pre_init

Row = TypeVar("Row", bound=Model)


class AtOnce:
    """Stands in for a model where a row is made of all its columns."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def from_db(self, db: str, names: Sequence[str], values: Sequence[Any]) -> Any:
        state = ModelState()
        state.adding, state.db = False, db
        return _made(self.model, dict(zip(names, values, strict=True)), state)


def maker_of(model: Any, columns: int) -> Any:
    """Who makes instances of so many columns by `from_db`: the model itself, if not all are read or it has a way of its own."""
    whole = columns == len(model._meta.concrete_fields)  # noqa: SLF001 - Django's documented Meta API
    return AtOnce(model) if whole and is_plain(model) else model


def is_plain(model: Any) -> bool:
    """Nobody wants to know of new instances, and no class has a way of its own to make one."""
    ways = (model.__init__, getattr(model.from_db, "__func__", None))
    own = ways != (Model.__init__, getattr(Model.from_db, "__func__", None))
    return not own and not pre_init.has_listeners(model) and not post_init.has_listeners(model)


def new(model: type[Row], **values: Any) -> Row:
    """As `model(**values)`: not stored yet, and with the fields' defaults. Raises TypeError for what is no field."""
    shape = _shape(model)
    if not shape.is_plain:
        return model(**values)
    if unknown := values.keys() - shape.names:
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(unknown))}.")
    related = {name: values.pop(name) for name in shape.related.keys() & values.keys()}
    values |= {shape.related[name].attname: row and row.pk for name, row in related.items()}
    made = {name: make() for name, make in shape.made.items() if name not in values}
    row: Row = _made(model, shape.constants | made | values, ModelState())
    for name, other in related.items():
        shape.related[name].set_cached_value(row, other)
    return row


class _Shape(NamedTuple):
    """Of a new row: what its fields are called, and what stands in them if nothing is told."""

    is_plain: bool
    names: frozenset[str]
    related: dict[str, Any]
    constants: dict[str, Any]
    made: dict[str, Callable[[], Any]]


@lru_cache(100)
def _shape(model: Any) -> _Shape:
    fields = [each for each in model._meta.concrete_fields if not each.generated]  # noqa: SLF001 - as above
    related = {each.name: each for each in fields if each.is_relation}
    constants: dict[str, Any] = {}
    made: dict[str, Callable[[], Any]] = {}
    for field in fields:
        if field.has_default() and callable(field.default):
            made[field.attname] = field.get_default
        else:
            constants[field.attname] = field.get_default()
    return _Shape(is_plain(model), frozenset({*constants, *made, *related}), related, constants, made)


def _made(model: Any, values: dict[str, Any], state: ModelState) -> Any:
    row = model.__new__(model)
    row.__dict__.update(values, _state=state)
    return row
