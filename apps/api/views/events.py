import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.functions import Trunc
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.events import (
    COUNTED,
    UNITS,
    CountSerializer,
    DistinctQuery,
    DistinctSerializer,
    EventQuery,
    EventSerializer,
    ExportQuery,
    IntervalQuery,
    IntervalSerializer,
)
from apps.api.views.base import ApiView, ListView, by_id
from apps.directory.models import User
from apps.events.export import FORMATS
from apps.events.models import Event

PEOPLE = ("administrator", "person")


def matching(wanted: dict[str, Any]) -> Any:
    """QuerySet of what the query asks for; each part narrows."""
    events = Event.objects.matching(wanted.get("q", ""))
    if wanted["success"] is not None:
        events = events.filter(success=wanted["success"])
    for name, condition in _conditions(wanted).items():
        if name in wanted:
            events = events.filter(condition)
    return events


def _conditions(wanted: dict[str, Any]) -> dict[str, Q]:
    application, user, actor = (wanted.get(name, "") for name in ("application", "user", "actor"))
    ids = [user, *map(str, User.objects.named(user).values_list("pk", flat=True))] if user else []
    about = Q(target_kind="user") & (Q(target_id__in=ids) | Q(target_name=user))
    by = Q(actor_kind__in=PEOPLE) & (Q(actor_id__in=ids) | Q(actor_name=user))
    return {
        "event_type": Q(type=wanted.get("event_type")),
        "application": Q(application_id=application) | Q(application_name=application),
        "user": about | by,
        "actor": Q(actor_id=actor) | Q(actor_name=actor),
        "from": Q(created_at__gte=wanted.get("from")),
        "to": Q(created_at__lt=wanted.get("to")),
    }


class Events(ListView):
    help_desk = SAFE_METHODS
    ordering = ("-created_at", "-pk")

    @extend_schema(parameters=[EventQuery], responses=EventSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        return self.page(matching(self.query(EventQuery)), EventSerializer)


class OneEvent(ApiView):
    help_desk = SAFE_METHODS

    @extend_schema(responses=EventSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(EventSerializer(by_id(Event, pk)).data)


class EventExport(ApiView):
    help_desk = SAFE_METHODS

    @extend_schema(
        parameters=[ExportQuery],
        responses={
            (200, media_type.split(";")[0]): OpenApiResponse(OpenApiTypes.STR)
            for media_type, _ in FORMATS.values()
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """The same events as the list has, all of them, streamed; times in UTC."""
        wanted = self.query(ExportQuery)
        content_type, written = FORMATS[wanted["format"]]
        events = matching(wanted).iterator(chunk_size=1000)
        response = StreamingHttpResponse(written(events), content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="events.{wanted["format"]}"'
        return response


class EventCount(ApiView):
    help_desk = SAFE_METHODS

    @extend_schema(parameters=[EventQuery], responses=CountSerializer)
    def get(self, request: Request) -> Response:
        return Response({"count": matching(self.query(EventQuery)).count()})


class EventDistinct(ApiView):
    help_desk = SAFE_METHODS

    @extend_schema(parameters=[DistinctQuery], responses=DistinctSerializer)
    def get(self, request: Request) -> Response:
        """How many events have each value of a field, most first; at most a hundred values."""
        wanted = self.query(DistinctQuery)
        column = COUNTED[wanted["field"]]
        rows = matching(wanted).order_by().values(column).annotate(n=Count("pk")).order_by("-n", column)[:100]
        return Response({wanted["field"]: [{"key": str(row[column]), "doc_count": row["n"]} for row in rows]})


class EventInterval(ApiView):
    help_desk = SAFE_METHODS

    @extend_schema(parameters=[IntervalQuery], responses=IntervalSerializer)
    def get(self, request: Request) -> Response:
        """How many events fall into each minute, hour, day or week; empty ones are left out."""
        wanted = self.query(IntervalQuery)
        moment = Trunc("created_at", UNITS[wanted["interval_unit"]], tzinfo=wanted["timezone"])
        rows = (
            matching(wanted)
            .order_by()
            .annotate(at=moment)
            .values("at")
            .annotate(n=Count("pk"))
            .order_by("at")
        )
        return Response({"buckets": [_bucket(row["at"], row["n"]) for row in rows]})


def _bucket(at: dt.datetime, count: int) -> dict[str, Any]:
    return {"key": int(at.timestamp() * 1000), "key_as_string": at.isoformat(), "doc_count": count}
