"""`field__among=ids`: as `in`, but one parameter however many there are; `ById(values)`, a value for each row in one parameter; and
`Checked(conditions)`, what rows are held against but not found by.

The text of the statement is then the same for any number of ids, and nothing has to be done for each of them on the way to the
database: with `in`, five hundred ids cost more than what the statement does.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, CharField, F, ForeignKey, Func, JSONField, Lookup, Q, UUIDField


@UUIDField.register_lookup
@ForeignKey.register_lookup
@CharField.register_lookup
class Among(Lookup):  # type: ignore[type-arg]  # a type of the stubs alone
    """Of UUIDs (a foreign key to one is one) and of short texts."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[str]:
        return [each if isinstance(each, str) else each.hex for each in self.rhs]

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql" and isinstance(self.lhs.output_field, CharField):
            return f"{column} = ANY(%s::text[])", (*parameters, _array(self.rhs))
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s::uuid[])", (*parameters, f"{{{','.join(self.rhs)}}}")
        chosen = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - the name of a column
        return chosen, (*parameters, json.dumps(self.rhs))


def _array(texts: Collection[str]) -> str:
    """As PostgreSQL reads one that is written out: of a subquery it would look each row up element by element."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


class ById(Func):  # type: ignore[misc]  # a type of the stubs alone
    """What `values` has for a row's own id, as JSON; NULL where it has nothing. Each row looks it up: a join with a list is planned by
    guesses, and in a table that was just filled these lead through all rows for each of the list.
    """

    def __init__(self, values: Mapping[UUID, Any]) -> None:
        super().__init__(F("pk"), output_field=JSONField())
        self.values = values

    def as_sql(
        self, compiler: Any, connection: Any, *_options: Any, **_more: Any
    ) -> tuple[str, tuple[Any, ...]]:
        column, parameters = compiler.compile(self.get_source_expressions()[0])
        if connection.vendor == "postgresql":
            told = json.dumps({str(each): value for each, value in self.values.items()})
            return f"(%s::jsonb -> {column}::text)", (told, *parameters)
        told = json.dumps({each.hex: value for each, value in self.values.items()})
        return f"""json_extract(%s, '$."' || {column} || '"')""", (told, *parameters)


class Checked(Func):  # type: ignore[misc]  # a type of the stubs alone
    """
    Conditions through which PostgreSQL finds no rows. Of a tenant or an integration that its statistics have not seen yet it believes
    that it has one row, and goes through all that it has, for each of a few keys that have an index of their own (docs/decisions/0041).
    """

    def __init__(self, conditions: Q) -> None:
        super().__init__(conditions, output_field=BooleanField())

    def as_sql(
        self, compiler: Any, connection: Any, *_options: Any, **_more: Any
    ) -> tuple[str, tuple[Any, ...]]:
        conditions, parameters = compiler.compile(self.get_source_expressions()[0])
        told = f"(({conditions}) IS TRUE)" if connection.vendor == "postgresql" else f"({conditions})"
        return told, tuple(parameters)
