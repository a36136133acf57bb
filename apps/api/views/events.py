import datetime as dt
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.events import (
    COUNTED,
    UNITS,
    CountSerializer,
    DistinctQuery,
    DistinctSerializer,
    EventListQuery,
    EventListSerializer,
    EventQuery,
    EventSerializer,
    ExportQuery,
    IntervalQuery,
    IntervalSerializer,
    as_search_after,
)
from apps.api.serializers.insights import (
    ALL,
    TOLD,
    DistinctInsightSerializer,
    DistinctQuestion,
    InsightSerializer,
    IntervalQuestion,
    ListQuestion,
    Question,
    as_insight,
)
from apps.api.serializers.insights import COUNTED as COUNTED_INSIGHTS
from apps.api.views.base import ApiView, by_id
from apps.applications.models import Application
from apps.directory.models import Group, User
from apps.directory.validators import fold
from apps.events.counting import Counted, lines_of, moments_of, values_of
from apps.events.export import FORMATS, exported
from apps.events.models import Event
from apps.events.search import Cursor, Search, types_asked, words_or_reference
from apps.lib.moments import in_utc

MOST_BUCKETS = 10_000
MOST_VALUES = 100
NO_SERVICE = ""
TOO_FAR = "More lines than are read for one answer were looked at. Take less time, or name a type, a person, an application or an address."


def search_for(wanted: dict[str, Any]) -> Search:
    """Each part narrows. A name that somebody has means them; another one is looked for in what the lines say."""
    user, group, actor, application = (
        wanted.get(name, "") for name in ("user", "group", "actor", "application")
    )
    people, actors = _ids(user, User.objects.named(user)), _ids(actor, User.objects.named(actor))
    groups = _ids(group, Group.objects.filter(name_key=fold(group)))
    applications = _ids(application, Application.objects.filter(display_label=application))
    also = [
        (user and not people, Q(target_kind="user", target_name=user) | Q(actor_name=user)),
        (group and not groups, _about_groups_called(group)),
        (actor and not actors, Q(actor_name=actor)),
        (application and not applications, Q(application_name=application)),
        # Search takes people and groups for one list, of whom a line has to be about one; here it has to be about both.
        (bool(people and groups), _about_groups(groups)),
    ]
    return Search(
        types=types_asked(wanted.get("event_type", ()), wanted.get("service", ())),
        success=wanted["success"],
        people=people,
        groups=[] if people else groups,
        actors=actors,
        applications=applications,
        address=wanted.get("client_ip", ""),
        correlation=wanted.get("correlation_id"),
        since=wanted.get("from"),
        until=wanted.get("to"),
        also=tuple(condition for asked, condition in also if asked),
        **words_or_reference(wanted.get("q", "")),
    )


def search_asked(wanted: dict[str, Any]) -> Search:
    """A question in the shape of Directory Insights."""
    parts = dict(wanted.get("search_term", {}))
    asked = [set(each) for each in (wanted["service"], parts.pop("services", [ALL])) if ALL not in each]
    services = sorted(set.intersection(*asked)) or [NO_SERVICE] if asked else []
    return Search(
        since=wanted["start_time"],
        until=wanted.get("end_time"),
        types=types_asked(parts.pop("types", ()), services),
        also=tuple(parts.pop("also", ())),
        **parts,
        **words_or_reference(wanted.get("q", "")),
    )


def _ids(name: str, bearers: Any) -> list[str]:
    """An id as it is; a name stands for the ids of `bearers`, who have it."""
    if not name:
        return []
    try:
        return [str(UUID(name))]
    except ValueError:
        return [str(pk) for pk in bearers.values_list("pk", flat=True)]


def _about_groups(ids: Sequence[str]) -> Q:
    """Themselves, and who joined or left them."""
    return Q(target_kind="group", target_id__in=ids) | Q(group_id__in=ids)


def _about_groups_called(name: str) -> Q:
    """By what the lines say: of groups that are gone."""
    return Q(target_kind="group", target_name=name) | Q(group_id__isnull=False, details__group_name=name)


class Asked(ApiView):
    """By GET with what we call filters, or by POST with what Directory Insights calls them."""

    asks = ("POST",)
    help_desk = (*SAFE_METHODS, *asks)


class Events(Asked):
    @extend_schema(operation_id="events_list", parameters=[EventListQuery], responses=EventListSerializer)
    def get(self, request: Request) -> Response:
        """Newest first, unless `sort=ASC`. A page may be short, even empty, while `next` is there: one look goes through ten
        thousand lines at most for what no index answers.
        """
        wanted = self.query(EventListQuery, apart=())
        after = wanted.get("search_after")
        found = search_for(wanted).page(wanted["limit"], after, ascending=wanted["sort"] == "ASC")
        last = Cursor(found.rows[-1].created_at, found.rows[-1].pk) if found.rows else after
        document = {
            "next": self._address(found.next) if found.next else None,
            "previous": None,
            "search_after": as_search_after(found.next or last),
            "results": EventSerializer(found.rows, many=True).data,
        }
        headers = {"X-Result-Count": str(len(found.rows)), "X-Limit": str(wanted["limit"])}
        return Response(document, headers=headers)

    @extend_schema(request=ListQuestion, responses={200: InsightSerializer(many=True)})
    def post(self, request: Request) -> Response:
        """A list, as Directory Insights has it: where it is shorter than `limit` it is the last. The header X-Search_after goes on."""
        wanted = self.read(ListQuestion)
        limit, after = wanted["limit"], wanted.get("search_after")
        found = search_asked(wanted).filled(limit, after, ascending=wanted["sort"] == "ASC")
        if found.next and len(found.rows) < limit:
            raise ValidationError({"start_time": [TOO_FAR]})
        last = Cursor(found.rows[-1].created_at, found.rows[-1].pk) if found.rows else after
        headers = {"X-Result-Count": str(len(found.rows)), "X-Limit": str(limit), "X-Sort": wanted["sort"]}
        if last is not None:
            headers["X-Search_after"] = json.dumps(as_search_after(last))
        rows = [as_insight(event, wanted.get("fields", TOLD)) for event in found.rows]
        return Response(rows, headers=headers)

    def _address(self, cursor: Cursor) -> str:
        query = self.request.query_params.copy()
        query["search_after"] = json.dumps(as_search_after(cursor))
        return f"{settings.PUBLIC_URL}{self.request.path}?{query.urlencode()}"


class OneEvent(ApiView):
    help_desk = SAFE_METHODS

    @extend_schema(responses=EventSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(EventSerializer(by_id(Event, pk)).data)


class EventExport(ApiView):
    @extend_schema(
        parameters=[ExportQuery],
        responses={
            (200, media_type.split(";")[0]): OpenApiResponse(OpenApiTypes.STR)
            for media_type, _ in FORMATS.values()
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """The same events as the list has, all of them, streamed; times in UTC. That somebody took them is an event, too."""
        wanted = self.query(ExportQuery)
        content_type, written = FORMATS[wanted["format"]]
        asked = request.META.get("QUERY_STRING", "")
        events = exported(search_for(wanted), wanted["format"], asked, actor=self.actor)
        response = StreamingHttpResponse(written(events), content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="events.{wanted["format"]}"'
        return response


class EventCount(Asked):
    @extend_schema(parameters=[EventQuery], responses=CountSerializer)
    def get(self, request: Request) -> Response:
        """Of the newest hundred thousand lines at most that an index leads to: `complete` says whether that is all there are."""
        return Response(_count(search_for(self.query(EventQuery))))

    @extend_schema(request=Question, responses={200: CountSerializer})
    def post(self, request: Request) -> Response:
        return Response(_count(search_asked(self.read(Question))))


class EventDistinct(Asked):
    @extend_schema(parameters=[DistinctQuery], responses=DistinctSerializer)
    def get(self, request: Request) -> Response:
        """How many events have each value of a field, most first; at most a hundred values. Bounded as `count` is."""
        wanted = self.query(DistinctQuery)
        return Response(_distinct(search_for(wanted), wanted["field"], COUNTED[wanted["field"]]))

    @extend_schema(request=DistinctQuestion, responses={200: DistinctInsightSerializer})
    def post(self, request: Request) -> Response:
        wanted = self.read(DistinctQuestion)
        return Response(_distinct(search_asked(wanted), wanted["field"], COUNTED_INSIGHTS[wanted["field"]]))


class EventInterval(Asked):
    @extend_schema(parameters=[IntervalQuery], responses=IntervalSerializer)
    def get(self, request: Request) -> Response:
        """How many events fall into each second, minute, hour, day or week; empty ones are left out. At most ten thousand, and
        bounded as `count` is.
        """
        wanted = self.query(IntervalQuery)
        return Response(_interval(search_for(wanted), wanted["interval_unit"], wanted["timezone"]))

    @extend_schema(request=IntervalQuestion, responses={200: IntervalSerializer})
    def post(self, request: Request) -> Response:
        wanted = self.read(IntervalQuestion)
        return Response(_interval(search_asked(wanted), wanted["interval_unit"], wanted["timezone"]))


def _count(search: Search) -> dict[str, Any]:
    counted = lines_of(search)
    return {"count": counted.total} | how_far(counted)


def _distinct(search: Search, field: str, column: str) -> dict[str, Any]:
    counted = values_of(search, column)
    most = sorted(counted.numbers.items(), key=lambda each: (-each[1], each[0]))[:MOST_VALUES]
    return {field: [{"key": str(key), "doc_count": number} for key, number in most]} | how_far(counted)


def _interval(search: Search, unit: str, zone: dt.tzinfo) -> dict[str, Any]:
    counted = moments_of(search, UNITS[unit], zone)
    if len(counted.numbers) > MOST_BUCKETS:
        raise ValidationError(
            {"interval_unit": ["These are more than 10,000. Take a longer unit, or less time."]}
        )
    buckets = [_bucket(at.astimezone(zone), number) for at, number in sorted(counted.numbers.items())]
    return {"buckets": buckets} | how_far(counted)


def _bucket(at: dt.datetime, count: int) -> dict[str, Any]:
    return {"key": int(at.timestamp() * 1000), "key_as_string": at.isoformat(), "doc_count": count}


def how_far(counted: Counted) -> dict[str, Any]:
    return {
        "complete": counted.since is None,
        "counted_from": in_utc(counted.since) if counted.since else None,
    }
