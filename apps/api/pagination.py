from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from apps.events.models import Event
from apps.events.search import Cursor as LogCursor
from apps.events.search import Search
from apps.lib.moments import in_utc

FROM_AN_ANSWER = "Take it from “next” or “previous”."


class Pages(CursorPagination):
    """`{"next", "previous", "results"}`, oldest first unless the view says otherwise: what is added meanwhile is seen, nothing twice."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
    ordering = ("created_at", "pk")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.ordering = getattr(view, "ordering", self.ordering)
        page: list[Any] = super().paginate_queryset(queryset, request, view) or []
        # The address comes from PUBLIC_URL: a Host header never chooses one.
        self.base_url = settings.PUBLIC_URL + request.get_full_path()
        return page

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get("limit", str(self.page_size))
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
        if not 0 < number <= self.max_page_size:
            raise ValidationError({"limit": [f"A whole number from 1 to {self.max_page_size}."]})
        return number

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {
                    "minimum": 1,
                    "maximum": self.max_page_size,
                    "default": self.page_size,
                }
        return parameters

    def decode_cursor(self, request: Request) -> Cursor | None:
        """A cursor that somebody wrote by hand is their mistake, and nothing that the database should see."""
        try:
            cursor: Any = super().decode_cursor(request)
            usable = cursor is None or cursor.position is None or parse_datetime(cursor.position) is not None
        except (NotFound, ValueError):
            usable = False
        if not usable:
            raise ValidationError({"cursor": [FROM_AN_ANSWER]})
        return cursor  # type: ignore[no-any-return]


def log_page(search: Search, request: Request) -> tuple[list[Event], str | None]:
    """A page of the log, newest first, and the address of the next: in the same words, however far it is looked for."""
    given = request.query_params.get("cursor")
    found = search.filled(Pages().get_page_size(request), _cursor(given) if given is not None else None)
    if found.next is None:
        return found.rows, None
    query = request.query_params.copy()
    query["cursor"] = f"{in_utc(found.next.moment)},{found.next.id or ''}"
    return found.rows, f"{settings.PUBLIC_URL}{request.path}?{query.urlencode()}"


def _cursor(text: str) -> LogCursor:
    moment, _, key = text.partition(",")
    try:
        return LogCursor(datetime.fromisoformat(moment).astimezone(UTC), UUID(key) if key else None)
    except (ValueError, OverflowError):
        raise ValidationError({"cursor": [FROM_AN_ANSWER]}) from None
