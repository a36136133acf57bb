"""
SQL that is compiled once, for the few statements that every sign-on makes (docs/decisions/0020-prepared-statements.md).

A query is built the ordinary way, from marks in place of values; what Django compiles of it is kept beside the connection, so no
thread sees another's. The tenant is a mark like the others and filled in at each run: outside a tenant nothing runs.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BooleanField, CharField, TextField, UUIDField
from django.db.models.query import get_related_populators

from apps.tenants.context import current_tenant_id, in_tenant

TENANT = "tenant_id"
Update = Sequence[str] | Sequence[tuple[str, str]]  # taking_over
ROW = re.compile(r"\b(?:old|new)\.")
PLAIN: dict[type, type] = {CharField: str, TextField: str, BooleanField: bool}
_UUIDS = UUIDField()


class PreparedQuery:
    """`build` takes each of `parameters` (name → UUID or str) as a keyword and returns a QuerySet of one tenant's rows."""

    def __init__(self, build: Callable[..., Any], **parameters: type) -> None:
        self._build = build
        self._marks = {name: _mark(kind, number) for number, (name, kind) in enumerate(parameters.items(), 1)}

    def first(self, **values: Any) -> Any:
        """One row, whichever the database finds first, as `build(…).first()`, or None. Related rows come with it."""
        plan = self._plan("first", lambda queryset: queryset.order_by()[:1].query)
        row = plan.row(values)
        return None if row is None else plan.instance(row)

    def exists(self, **values: Any) -> bool:
        plan = self._plan("exists", lambda queryset: queryset.query.exists())
        return plan.row(values) is not None

    def _plan(self, kind: str, query_of: Callable[[Any], Any]) -> "_Plan":
        connection = connections[DEFAULT_DB_ALIAS]
        plans = _kept(connection)
        if (self, kind) not in plans:
            tenant = _mark(UUID, 0)
            with in_tenant(tenant):
                queryset = self._build(**self._marks)
            plans[self, kind] = _Plan.of(query_of(queryset), connection, self._marks | {TENANT: tenant})
        plan: _Plan = plans[self, kind]
        return plan


@dataclass(frozen=True, slots=True)
class _Plan:
    """`slots` has for each place of the statement the name of a parameter, or "" where the value is always the same.

    What turns a row into instances: `converters` of single columns, as (place, function, expression); then `model` takes the
    columns from `start` to `end`, which are its `names`, and `populators` make the related ones.
    """

    connection: Any
    sql: str
    constants: Sequence[Any]
    slots: Sequence[str]
    converters: Sequence[tuple[int, Any, Any]]
    model: Any
    names: Sequence[str]
    start: int
    end: int
    populators: Sequence[Any]

    @classmethod
    def of(cls, query: Any, connection: Any, marks: dict[str, Any]) -> "_Plan":
        compiler = query.get_compiler(connection=connection)
        sql, constants = compiler.as_sql()
        names = {_stored(mark, connection): name for name, mark in marks.items()}
        slots = [names.get(value, "") for value in constants]
        if missing := marks.keys() - set(slots):
            raise ValueError(f"The statement does not depend on {', '.join(sorted(missing))}.")
        return cls(connection, sql, constants, slots, **_making(compiler, connection))

    def row(self, values: dict[str, Any]) -> Any:
        values = values | {TENANT: current_tenant_id()}
        parameters = [
            _stored(values[slot], self.connection) if slot else constant
            for slot, constant in zip(self.slots, self.constants, strict=True)
        ]
        with self.connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            return cursor.fetchone()

    def instance(self, row: Sequence[Any]) -> Any:
        """As django.db.models.query.ModelIterable makes one."""
        values = list(row)
        for place, convert, expression in self.converters:
            values[place] = convert(values[place], expression, self.connection)
        made = self.model.from_db(self.connection.alias, self.names, values[self.start : self.end])
        for populator in self.populators:
            populator.populate(values, made)
        return made


def _making(compiler: Any, connection: Any) -> dict[str, Any]:
    """The fields of _Plan about instances, from what the compiler knows once it has made the SQL. A look whether there is a row makes none."""
    info, select = compiler.klass_info, compiler.select
    converters = compiler.get_converters([column[0] for column in select])
    flat = [(place, one, expression) for place, (each, expression) in converters.items() for one in each]
    fields = info["select_fields"] if info else []
    start, end = (fields[0], fields[-1] + 1) if fields else (0, 0)
    return {
        "converters": flat,
        "model": info and info["model"],
        "names": [column[0].target.attname for column in select[start:end]],
        "start": start,
        "end": end,
        "populators": get_related_populators(info, select, connection.alias) if info else (),  # type: ignore[call-arg]  # a later Django's stubs
    }


def insert(row: Any, *, unique: Sequence[str] = (), update: Sequence[str] = ()) -> None:
    """A new row of a tenant, as `row.save(force_insert=True)`, but without signals and without what the model's own save() adds.

    With `unique`, a row that has the same values in these fields takes over those of `update` instead. Raises IntegrityError.
    """
    row.take_tenant()
    connection = connections[DEFAULT_DB_ALIAS]
    sql = kept_sql(connection, insertion, type(row), tuple(unique), tuple(update))
    with connection.cursor() as cursor:
        cursor.execute(sql, columns_of(row, connection))
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 - Django's documented Model API


def _written(row: Any, field: Any, connection: Any) -> Any:
    """As the database takes it. Text and truth values come out of all that Django does to them as they went in."""
    if (kind := PLAIN.get(type(field))) and type(value := getattr(row, field.attname)) is kind:
        return value
    return field.get_db_prep_save(field.pre_save(row, add=True), connection)


def columns_of(row: Any, connection: Any) -> list[Any]:
    """What a new row has in each column, as the database's driver takes it."""
    fields = type(row)._meta.local_concrete_fields  # noqa: SLF001 - Django's documented Model API
    return [_written(row, field, connection) for field in fields]


def insertion(connection: Any, model: Any, unique: Sequence[str], update: Update) -> str:
    quote, meta = connection.ops.quote_name, model._meta  # noqa: SLF001 - as above
    columns = ", ".join(quote(field.column) for field in meta.local_concrete_fields)
    places = ", ".join("%s" for _ in meta.local_concrete_fields)
    statement = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608 - the model's own names
    return statement + taking_over(connection, model, unique, update)


def taking_over(connection: Any, model: Any, unique: Sequence[str], update: Update) -> str:
    """The end of an INSERT: what becomes of a row that has the same values in `unique`.

    `update` names the fields that it takes over; or has, as (name, SQL), what they become, where `old` and `new` are the two rows.
    """
    if not unique:
        return ""
    meta, quote = model._meta, connection.ops.quote_name  # noqa: SLF001 - as above
    same = ", ".join(quote(meta.get_field(name).column) for name in unique)
    if not update:
        return f" ON CONFLICT ({same}) DO NOTHING"
    pairs = [
        (each, f"new.{quote(meta.get_field(each).column)}") if isinstance(each, str) else each
        for each in update
    ]
    table = quote(meta.db_table)
    changes = ", ".join(f"{quote(meta.get_field(name).column)} = {sql}" for name, sql in pairs)
    changes = ROW.sub(lambda found: f"{table}." if found[0] == "old." else "EXCLUDED.", changes)
    return f" ON CONFLICT ({same}) DO UPDATE SET {changes}"


def kept_sql(connection: Any, build: Callable[..., str], *about: Any) -> str:
    """`build(connection, *about)`, built once for each connection."""
    kept, key = _kept(connection), (build, *about)
    if key not in kept:
        kept[key] = build(connection, *about)
    sql: str = kept[key]
    return sql


def _kept(connection: Any) -> dict[Any, Any]:
    """Beside the connection, which belongs to one thread."""
    kept: dict[Any, Any] = connection.__dict__.setdefault("prepared_statements", {})
    return kept


def _mark(kind: type, number: int) -> Any:
    """A value that nobody else has."""
    unlikely = UUID(int=0xFACADE << 64 | number)
    return unlikely if kind is UUID else f"mark-{unlikely}"


def _stored(value: Any, connection: Any) -> Any:
    return _UUIDS.get_db_prep_value(value, connection) if isinstance(value, UUID) else value
