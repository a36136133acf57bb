"""Receipts of those who left, the access report and the week, as the console has them: to read alone."""

from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.pagination import Pages, log_page
from apps.api.serializers.base import Strict
from apps.api.serializers.reports import (
    AccessExportQuery,
    AccessQuery,
    AccessSerializer,
    ReceiptQuery,
    ReceiptSerializer,
    WeekSerializer,
    receipt_document,
)
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.applications.models import Application
from apps.insights.access_export import FORMATS
from apps.insights.access_report import access_of, everything, people_of
from apps.insights.actions import note_access_export
from apps.insights.digest import last_week
from apps.insights.receipts import offboarded, offboardings, receipts_of
from apps.insights.week import what_happened, what_waits
from apps.lib.language import for_the_record
from apps.tenants.context import current_tenant_id
from apps.tenants.models import Tenant


class Receipts(ListView):
    help_desk = SAFE_METHODS

    @extend_schema(parameters=[ReceiptQuery], responses=ReceiptSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What became of the access of everybody who was deactivated or deleted, as it stands now, newest first."""
        wanted = self.query(ReceiptQuery)
        search = offboarded(name=wanted.get("q", ""), person=str(wanted.get("user", "")))
        rows, following = log_page(search, request)
        with for_the_record():
            results = [receipt_document(each) for each in receipts_of(rows)]
        return Response({"next": following, "previous": None, "results": results})


class OneReceipt(ApiView):
    help_desk = SAFE_METHODS

    @extend_schema(responses=ReceiptSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """As it stands now: while something is owed, ask again."""
        event = found(offboardings(), pk=pk)
        with for_the_record():
            return Response(receipt_document(receipts_of([event])[0]))


class AccessReport(ListView):
    @extend_schema(parameters=[AccessQuery], responses=AccessSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Everybody whom a bound group gives it: through which, since when, and what stands in their way."""
        application = by_id(Application, pk)
        people = people_of(application).matching(self.query(AccessQuery).get("q", ""))
        pages = Pages()
        rows = pages.paginate_queryset(people, request, self)
        return pages.get_paginated_response(AccessSerializer(access_of(application, rows), many=True).data)


FILE = {(200, media_type.split(";")[0]): OpenApiTypes.STR for media_type, _ in FORMATS.values()}


class AccessExport(ApiView):
    @extend_schema(parameters=[AccessExportQuery], responses=FILE)
    def get(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """The same people, all of them, streamed; times in UTC. That somebody took them is an event."""
        application, wanted = by_id(Application, pk), self.query(AccessExportQuery)
        note_access_export(application, actor=self.actor)
        return _file([application], wanted["format"])


class AccessExportOfAll(ApiView):
    @extend_schema(parameters=[AccessExportQuery], responses=FILE)
    def get(self, request: Request) -> StreamingHttpResponse:
        """Of every application, one after the other."""
        wanted = self.query(AccessExportQuery)
        note_access_export(None, actor=self.actor)
        return _file(
            list(Application.objects.defer("logo").order_by("display_label", "pk")), wanted["format"]
        )


def _file(applications: list[Application], form: str) -> StreamingHttpResponse:
    content_type, written = FORMATS[form]
    response = StreamingHttpResponse(written(everything(applications)), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="access.{form}"'
    return response


class Week(ApiView):
    @extend_schema(responses=WeekSerializer)
    def get(self, request: Request) -> Response:
        """The last whole week, as this Monday's mail tells of it, and what waits now."""
        self.query(Strict)
        since, until = last_week(Tenant.objects.get(pk=current_tenant_id()), timezone.now())
        told = {
            "since": since,
            "to": until,
            "happened": what_happened(since, until),
            "waiting": what_waits(since),
        }
        return Response(WeekSerializer(told).data)
