"""
SQL that is compiled once, for the few statements that every sign-on makes (docs/decisions/0020-prepared-statements.md).

A query is built the ordinary way, from marks in place of values; what Django compiles of it is kept beside the connection, so no
thread sees another's. The tenant is a mark like the others and filled in at each run: outside a tenant nothing runs.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    EmailField,
    FloatField,
    ForeignKey,
    JSONField,
    TextField,
    UUIDField,
)
from django.db.models.query import get_related_populators
from django.utils import timezone

from apps.tenants.context import current_tenant_id, in_tenant, outside_tenants
from apps.tenants.making import maker_of
from apps.tenants.running import run

TENANT = "tenant_id"
Update = Sequence[str] | Sequence[tuple[str, str]]  # taking_over
ROW = re.compile(r"\b(?:old|new)\.")
PLAIN: dict[type, type] = {
    CharField: str,
    EmailField: str,
    TextField: str,
    BooleanField: bool,
    UUIDField: UUID,
    ForeignKey: UUID,
    FloatField: float,
}
NOT_LOADED = object()
Ways = dict[type, Callable[[Any], Any]]  # _ways
Column = tuple[str, Ways, Any]  # where an instance has the value, its ways, its field


class PreparedQuery:
    """`build` takes each of `parameters` (name → UUID, str or datetime) as a keyword and returns a QuerySet of one tenant's rows."""

    of_tenant: ClassVar[bool] = True

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

    def rows(self, **values: Any) -> list[Any]:
        """All of them, as the database's driver has them: for `values_list` of plain columns, also of a union."""
        return self._plan("rows", lambda queryset: queryset.query).rows(values)

    def _plan(self, kind: str, query_of: Callable[[Any], Any]) -> "_Plan":
        connection = connections[DEFAULT_DB_ALIAS]
        plans = _kept(connection)
        if (self, kind) not in plans:
            tenant = _mark(UUID, 0)
            with in_tenant(tenant) if self.of_tenant else outside_tenants():
                queryset = self._build(**self._marks)
            marks = self._marks | ({TENANT: tenant} if self.of_tenant else {})
            plans[self, kind] = _Plan.of(query_of(queryset), connection, marks)
        plan: _Plan = plans[self, kind]
        return plan


class PreparedQueryOfAll(PreparedQuery):
    """Of a table whose rows are no tenant's: that of the tenants."""

    of_tenant = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """`slots` has for each place of the statement the name of a parameter, or "" where the value is always the same.

    What turns a row into instances: `converters` of single columns, as (place, function, expression); then `maker` takes the
    columns from `start` to `end`, which are its `names`, and `populators` make the related ones.
    """

    connection: Any
    sql: str
    constants: Sequence[Any]
    slots: Sequence[str]
    converters: Sequence[tuple[int, Any, Any]]
    maker: Any
    names: Sequence[str]
    start: int
    end: int
    populators: Sequence[Any]

    @classmethod
    def of(cls, query: Any, connection: Any, marks: dict[str, Any]) -> "_Plan":
        compiler = query.get_compiler(connection=connection)
        sql, constants = _with_empty_texts(*compiler.as_sql())
        names = {_stored(mark, connection): name for name, mark in marks.items()}
        slots = [names.get(value, "") for value in constants]
        if missing := marks.keys() - set(slots):
            raise ValueError(f"The statement does not depend on {', '.join(sorted(missing))}.")
        return cls(connection, sql, constants, slots, **_making(compiler, connection))

    def row(self, values: dict[str, Any]) -> Any:
        return run(self.connection, self.sql, self._parameters(values), lambda cursor: cursor.fetchone())

    def rows(self, values: dict[str, Any]) -> list[Any]:
        return list(
            run(self.connection, self.sql, self._parameters(values), lambda cursor: cursor.fetchall())
        )

    def _parameters(self, values: dict[str, Any]) -> list[Any]:
        if TENANT in self.slots:
            values = values | {TENANT: current_tenant_id()}
        return [
            _stored(values[slot], self.connection) if slot else constant
            for slot, constant in zip(self.slots, self.constants, strict=True)
        ]

    def instance(self, row: Sequence[Any]) -> Any:
        """As django.db.models.query.ModelIterable makes one."""
        values = list(row)
        for place, convert, expression in self.converters:
            values[place] = convert(values[place], expression, self.connection)
        made = self.maker.from_db(self.connection.alias, self.names, values[self.start : self.end])
        for populator in self.populators:
            populator.populate(values, made)
        return made


def instances(queryset: Any) -> list[Any]:
    """As `list(queryset)` of one model without annotations, each made as PreparedQuery makes one. Only where they are many: its SQL is compiled as ever."""
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        plan = _Plan.of(queryset.query, connection, {})
    except EmptyResultSet:
        return []
    return [plan.instance(row) for row in plan.rows({})]


def _with_empty_texts(sql: str, parameters: Sequence[Any]) -> tuple[str, list[Any]]:
    """'' in the statement itself: of an index over what is not empty SQLite makes use only if it sees that nothing empty is asked for."""
    first, *parts = sql.split("%s")
    written = [("''" if value == "" else "%s") + part for value, part in zip(parameters, parts, strict=True)]
    return first + "".join(written), [value for value in parameters if value != ""]


def _making(compiler: Any, connection: Any) -> dict[str, Any]:
    """The fields of _Plan about instances, from what the compiler knows once it has made the SQL. A look whether there is a row makes none."""
    info, select = compiler.klass_info, compiler.select
    converters = compiler.get_converters([column[0] for column in select])
    flat = [(place, one, expression) for place, (each, expression) in converters.items() for one in each]
    fields = info["select_fields"] if info else []
    start, end = (fields[0], fields[-1] + 1) if fields else (0, 0)
    return {
        "converters": flat,
        "maker": info and maker_of(info["model"], len(fields)),
        "names": [column[0].target.attname for column in select[start:end]],
        "start": start,
        "end": end,
        "populators": _at_once(get_related_populators(info, select, connection.alias)) if info else (),  # type: ignore[call-arg]  # a later Django's stubs
    }


def _at_once(populators: Sequence[Any]) -> Sequence[Any]:
    for each in populators:
        each.model_cls = maker_of(each.model_cls, len(each.init_list))  # of which it only asks `from_db`
        _at_once(each.related_populators)
    return populators


def insert(row: Any, *, unique: Sequence[str] = (), update: Sequence[str] = ()) -> None:
    """A new row of a tenant, as `row.save(force_insert=True)`, but without signals and without what the model's own save() adds.

    With `unique`, a row that has the same values in these fields takes over those of `update` instead. Raises IntegrityError.
    """
    row.take_tenant()
    connection = connections[DEFAULT_DB_ALIAS]
    sql = kept_sql(connection, insertion, type(row), tuple(unique), tuple(update))
    run(connection, sql, columns_of(row, connection))
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 - Django's documented Model API


def insert_values(model: Any, values: dict[str, Any]) -> None:
    """A new row from plain values by column, without making a model of them; defaults fill up the rest. Raises IntegrityError."""
    connection = connections[DEFAULT_DB_ALIAS]
    values = values | {TENANT: current_tenant_id()}
    stored = [
        _taken(values[column], ways, field, connection) if column in values else default()
        for column, ways, field, default in kept(connection, _told, model)
    ]
    run(connection, kept_sql(connection, insertion, model, (), ()), stored)


def _told(connection: Any, model: Any) -> list[tuple[str, Ways, Any, Callable[[], Any]]]:
    """Each column, its ways, its field, and what makes its value where none is told, as the database takes it."""

    def default_of(field: Any) -> Callable[[], Any]:
        if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
            return lambda: connection.ops.adapt_datetimefield_value(timezone.now())
        if field.has_default() and callable(field.default) and field.default not in {dict, list}:
            ways = _ways(field, connection)
            return lambda: _taken(field.default(), ways, field, connection)
        constant = field.get_db_prep_save(field.get_default(), connection)
        return lambda: constant

    fields = written_fields(model)
    return [(field.column, _ways(field, connection), field, default_of(field)) for field in fields]


def update(row: Any, fields: Sequence[str]) -> None:
    """As `row.save(update_fields=fields)`, which fills columns that note a change by themselves, with the same exceptions. Raises IntegrityError."""
    row.take_tenant()
    connection = connections[DEFAULT_DB_ALIAS]
    known = kept(connection, _by_name, type(row))
    values = [_written(row, known[name], connection, is_new=False) for name in fields]
    key = [_stored(value, connection) for value in (row.pk, row.tenant_id)]
    run(connection, kept_sql(connection, _change, type(row), tuple(fields)), values + key)


def _change(connection: Any, model: Any, names: Sequence[str]) -> str:
    quote, meta = connection.ops.quote_name, model._meta  # noqa: SLF001 - as above
    changes = ", ".join(f"{quote(meta.get_field(name).column)} = %s" for name in names)
    return f"UPDATE {quote(meta.db_table)} SET {changes} WHERE id = %s AND tenant_id = %s"  # noqa: S608 - the model's own names


def _written(row: Any, column: Column, connection: Any, *, is_new: bool = True) -> Any:
    """As the database takes it."""
    name, ways, field = column
    way = ways.get(type(value := row.__dict__.get(name, NOT_LOADED)))
    if way is not None:
        return way(value)
    value = field.pre_save(row, add=is_new)
    if type(field) is DateTimeField and type(value) is datetime and value.tzinfo is UTC:
        return connection.ops.adapt_datetimefield_value(value)
    return field.get_db_prep_save(value, connection)


def _taken(value: Any, ways: Ways, field: Any, connection: Any) -> Any:
    way = ways.get(type(value))
    return field.get_db_prep_save(value, connection) if way is None else way(value)


def _ways(field: Any, connection: Any) -> Ways:
    """
    By type, how a value becomes what the driver takes, where that is sooner said than with what Django does: of texts, truth values and numbers
    nothing is changed, of ids little. None for what fills itself, or is of a kind of its own.
    """
    if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
        return {}
    kind = type(field)
    if kind is JSONField and connection.vendor == "sqlite" and field.encoder is None:
        return {
            dict: lambda value: json.dumps(value) if value else "{}",
            list: lambda value: json.dumps(value) if value else "[]",
        }
    if kind not in PLAIN:
        return {}
    is_hex = PLAIN[kind] is UUID and not connection.features.has_native_uuid_field
    return {PLAIN[kind]: (lambda value: value.hex) if is_hex else _as_it_is, type(None): _as_it_is}


def _as_it_is(value: Any) -> Any:
    return value


def columns_of(row: Any, connection: Any) -> list[Any]:
    """What a new row has in each column, as the database's driver takes it."""
    told = kept(connection, _by_name, type(row))
    return [_written(row, each, connection) for each in told.values()]


def _by_name(connection: Any, model: Any) -> dict[str, Column]:
    fields = written_fields(model)
    return {field.name: (field.attname, _ways(field, connection), field) for field in fields}


def written_fields(model: Any) -> list[Any]:
    """All but those that the database makes of the others."""
    return [each for each in model._meta.local_concrete_fields if not each.generated]  # noqa: SLF001 - Django's documented Model API


def insertion(connection: Any, model: Any, unique: Sequence[str], update: Update) -> str:
    quote, meta = connection.ops.quote_name, model._meta  # noqa: SLF001 - as above
    fields = written_fields(model)
    columns = ", ".join(quote(field.column) for field in fields)
    places = ", ".join("%s" for _ in fields)
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
    sql: str = kept(connection, build, *about)
    return sql


def kept(connection: Any, build: Callable[..., Any], *about: Any) -> Any:
    """`build(connection, *about)`, built once for each connection."""
    known, key = _kept(connection), (build, *about)
    if key not in known:
        known[key] = build(connection, *about)
    return known[key]


def _kept(connection: Any) -> dict[Any, Any]:
    """Beside the connection, which belongs to one thread."""
    known: dict[Any, Any] = connection.__dict__.setdefault("prepared_statements", {})
    return known


def _mark(kind: type, number: int) -> Any:
    """A value that nobody else has."""
    if kind is datetime:
        return datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)
    unlikely = UUID(int=0xFACADE << 64 | number)
    return unlikely if kind is UUID else f"mark-{unlikely}"


def _stored(value: Any, connection: Any) -> Any:
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
