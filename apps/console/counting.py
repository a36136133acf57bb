"""Numbers beside the rows of a page: counted for these rows alone, whatever else is there."""

from typing import Any

from django.db.models import Count, IntegerField, Subquery
from django.db.models.functions import Coalesce


def counted(rows: Any, what: str = "pk", *, distinct: bool = False) -> Any:
    """An annotation out of `rows`, a QuerySet that names its OuterRef. Two counts by joins would multiply each other's rows."""
    one = rows.order_by().values("tenant").annotate(counted=Count(what, distinct=distinct)).values("counted")
    return Coalesce(Subquery(one, output_field=IntegerField()), 0)
