"""
Ways into the log: a condition, and the index that leads to what fulfils it.

SQLite keeps no numbers of what is in a table as long as nobody has it count, and of two indexes it may choose the one that saves it a
sort, and walk along the whole log. So it is told. PostgreSQL counts, and chooses by itself.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.db.models.sql.datastructures import BaseTable

from apps.events.models import Event


@dataclass(frozen=True, slots=True)
class Way:
    """`index` is one of Event's; without one the database decides."""

    condition: Q
    index: str = ""

    def lines(self) -> Any:
        """QuerySet of what lies along it."""
        rows = Event.objects.filter(self.condition)
        if self.index:
            table = rows.query.get_initial_alias()
            rows.query.alias_map[table] = _Through(rows.model._meta.db_table, table, self.index)  # noqa: SLF001 - Django's documented Meta API
        return rows


class _Through(BaseTable):
    """https://www.sqlite.org/lang_indexedby.html: a statement that cannot be answered through this index is an error."""

    def __init__(self, table_name: str, alias: str | None, index: str) -> None:
        super().__init__(table_name, alias)
        self.index = index

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, parameters = super().as_sql(compiler, connection)
        if connection.vendor == "sqlite":
            sql += f" INDEXED BY {connection.ops.quote_name(self.index)}"
        return sql, parameters

    def relabeled_clone(self, change_map: dict[str | None, str]) -> "_Through":
        return _Through(self.table_name, change_map.get(self.table_alias, self.table_alias), self.index)
