"""
Many rows of one model in one statement, whose text is the same however many they are (docs/decisions/0023-results-in-groups.md).

PostgreSQL is handed the rows as one JSON value and takes it apart by the table's own types; SQLite runs a statement that it has
prepared once. As in prepared.py there are no signals, each row belongs to the tenant in context, and refusals are IntegrityErrors.
"""

import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field
from django.utils.functional import Promise

from apps.tenants.prepared import columns_of, insertion, kept_sql, taking_over


def new_ids() -> Iterator[UUID]:
    """As uuid4, but the operating system is asked once for many: each question lets go of the interpreter, and others take it."""
    while True:
        octets = os.urandom(16 * 64)
        for start in range(0, len(octets), 16):
            yield UUID(bytes=octets[start : start + 16], version=4)


def insert_all(rows: Sequence[Any], *, unique: Sequence[str] = (), update: Sequence[str] = ()) -> None:
    """With `unique`, a row that has the same values in these fields takes over those of `update` instead, or stays as it is."""
    if not rows:
        return
    for row in rows:
        row.take_tenant()
    connection, model = connections[DEFAULT_DB_ALIAS], type(rows[0])
    about = (model, tuple(unique), tuple(update))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            fields = model._meta.local_concrete_fields  # noqa: SLF001 - Django's documented Model API
            cursor.execute(kept_sql(connection, _insertion, *about), [_as_json(rows, fields, adds=True)])
        else:
            values = [columns_of(row, connection) for row in rows]
            cursor.executemany(kept_sql(connection, insertion, *about), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 - as above


def update_all(rows: Sequence[Any], names: Sequence[str]) -> None:
    """Writes the fields of these names, of each row its own values."""
    if not rows:
        return
    for row in rows:
        row.take_tenant()
    connection, model = connections[DEFAULT_DB_ALIAS], type(rows[0])
    sql = kept_sql(connection, _change, model, tuple(names))
    fields = [model._meta.get_field(name) for name in (*names, "id", "tenant")]  # noqa: SLF001 - as above
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(sql, [_as_json(rows, fields, adds=False)])
        else:
            cursor.executemany(sql, [[_stored(field, row, connection) for field in fields] for row in rows])


def _stored(field: Any, row: Any, connection: Any) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add=False), connection)


def _as_json(rows: Sequence[Any], fields: Sequence[Any], *, adds: bool) -> str:
    """Most fields are stored as they stand on the row; those that fill themselves in, like auto_now_add, are asked to."""
    filled = [field for field in fields if type(field).pre_save is not Field.pre_save]
    plain = [(field.column, field.attname) for field in fields if field not in filled]
    told = []
    for row in rows:
        values = row.__dict__
        record = {column: values[name] for column, name in plain}
        for field in filled:
            record[field.column] = field.pre_save(row, adds)
        told.append(record)
    return json.dumps(told, default=_text)


def _text(value: Any) -> str:
    if isinstance(value, UUID | datetime | Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written this way.")


def _insertion(connection: Any, model: Any, unique: Sequence[str], update: Sequence[str]) -> str:
    quote, meta = connection.ops.quote_name, model._meta  # noqa: SLF001 - as above
    table, columns = (
        quote(meta.db_table),
        ", ".join(quote(each.column) for each in meta.local_concrete_fields),
    )
    rows = f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"  # noqa: S608 - the model's own names
    return f"INSERT INTO {table} ({columns}) {rows}" + taking_over(connection, model, unique, update)


def _change(connection: Any, model: Any, names: Sequence[str]) -> str:
    quote, meta = connection.ops.quote_name, model._meta  # noqa: SLF001 - as above
    table, columns = quote(meta.db_table), [quote(meta.get_field(name).column) for name in names]
    if connection.vendor != "postgresql":
        changes = ", ".join(f"{column} = %s" for column in columns)
        return f"UPDATE {table} SET {changes} WHERE id = %s AND tenant_id = %s"  # noqa: S608 - as above
    changes = ", ".join(f"{column} = new.{column}" for column in columns)
    rows = f"json_populate_recordset(NULL::{table}, %s::json) AS new"
    same = f"{table}.id = new.id AND {table}.tenant_id = new.tenant_id"
    return f"UPDATE {table} SET {changes} FROM {rows} WHERE {same}"  # noqa: S608 - as above
