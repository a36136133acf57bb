"""Indexes that one database needs and the other does not."""

from typing import Any

from django.db import models
from django.db.backends.ddl_references import Statement


class PostgreSQLIndex(models.Index):
    """On SQLite it is there by its name alone: it holds no row there, and no write pays for it."""

    def create_sql(
        self, model: type[models.Model], schema_editor: Any, using: str = "", **more: Any
    ) -> Statement:
        statement = super().create_sql(model, schema_editor, using=using, **more)
        if schema_editor.connection.vendor == "sqlite":
            statement.parts["condition"] = " WHERE 0"  # type: ignore[assignment]
        return statement
