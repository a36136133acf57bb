"""
Many rows of one model in one statement, whose text is the same however many they are (docs/decisions/0023-results-in-groups.md).

PostgreSQL is handed the rows as one JSON value and takes it apart by the table's own types; SQLite runs a statement that it has
prepared once. Rows are plain values: making models of them would cost more than writing them. As in prepared.py there are no signals,
each row belongs to the tenant in context, and refusals are IntegrityErrors.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone
from django.utils.functional import Promise

from apps.tenants.context import current_tenant_id
from apps.tenants.prepared import Update, insertion, kept_sql, taking_over, written_fields


def new_ids() -> Iterator[UUID]:
    """As uuid4, but the operating system is asked once for many: each question lets go of the interpreter, and others take it."""
    while True:
        octets = os.urandom(16 * 64)
        for start in range(0, len(octets), 16):
            yield UUID(bytes=octets[start : start + 16], version=4)


def insert_rows(
    model: Any,
    rows: Sequence[Mapping[str, Any]],
    *,
    common: Mapping[str, Any] | None = None,
    unique: Sequence[str] = (),
    update: Update = (),
) -> None:
    """A row is what is its own of it, by column, `id` included; all have `common`, and the model's defaults for the rest.

    With `unique`, a row that has the same values in these fields takes over those of `update` instead, or stays as it is.
    """
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    base = _defaults(model) | {"tenant_id": current_tenant_id(), **(common or {})}
    about = (model, tuple(unique), tuple(update))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            told = [json.dumps(each, default=_text) for each in (base, rows)]
            cursor.execute(kept_sql(connection, _insertion, *about), told)
        else:
            cursor.executemany(
                kept_sql(connection, insertion, *about), _values(model, base, rows, connection)
            )


def _defaults(model: Any) -> dict[str, Any]:
    """Of every column but the key; those that fill themselves in are full."""
    now = timezone.now()
    return {
        field.column: now
        if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False)
        else field.get_default()
        for field in written_fields(model)
        if not field.primary_key
    }


def _values(
    model: Any, base: dict[str, Any], rows: Sequence[Mapping[str, Any]], connection: Any
) -> list[list[Any]]:
    fields = [(field, field.column) for field in written_fields(model)]
    stored = {column: _stored(field, base[column], connection) for field, column in fields if column in base}
    return [
        [
            _stored(field, row[column], connection) if column in row else stored[column]
            for field, column in fields
        ]
        for row in rows
    ]


def _stored(field: Any, value: Any, connection: Any) -> Any:
    return field.get_db_prep_save(value, connection)


def update_rows(model: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes what stands in each beside its `id`: all have the same columns."""
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    columns = tuple(each for each in rows[0] if each != "id")
    sql = kept_sql(connection, _change, model, columns)
    tenant_id = current_tenant_id()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            told = [{**row, "tenant_id": tenant_id} for row in rows]
            cursor.execute(sql, [json.dumps(told, default=_text)])
        else:
            fields = [(field, field.column) for field in written_fields(model)]
            by_column = {column: field for field, column in fields}
            wanted = (*columns, "id")
            tenant = _stored(by_column["tenant_id"], tenant_id, connection)
            values = [
                [*(_stored(by_column[each], row[each], connection) for each in wanted), tenant]
                for row in rows
            ]
            cursor.executemany(sql, values)


def _text(value: Any) -> str:
    if isinstance(value, UUID | datetime | Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written this way.")


def _insertion(connection: Any, model: Any, unique: Sequence[str], update: Update) -> str:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)  # noqa: SLF001 - Django's documented Model API
    columns = ", ".join(quote(each.column) for each in written_fields(model))
    base = f"json_populate_record(NULL::{table}, %s::json)"
    rows = f"SELECT {columns} FROM json_populate_recordset({base}, %s::json)"  # noqa: S608 - the model's own names
    return f"INSERT INTO {table} ({columns}) {rows}" + taking_over(connection, model, unique, update)


def _change(connection: Any, model: Any, columns: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), [quote(each) for each in columns]  # noqa: SLF001 - as above
    if connection.vendor != "postgresql":
        changes = ", ".join(f"{name} = %s" for name in names)
        return f"UPDATE {table} SET {changes} WHERE id = %s AND tenant_id = %s"  # noqa: S608 - as above
    changes = ", ".join(f"{name} = new.{name}" for name in names)
    rows = f"json_populate_recordset(NULL::{table}, %s::json) AS new"
    # The tenant beside each id: as one value for all it would lead PostgreSQL through all the tenant's rows, for each of these again.
    same = f"{table}.id = new.id AND {table}.tenant_id = new.tenant_id"
    return f"UPDATE {table} SET {changes} FROM {rows} WHERE {same}"  # noqa: S608 - as above
