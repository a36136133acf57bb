"""Accounts that are in the application already are looked at, chosen from and taken in."""

from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.exports import tell_of_export
from apps.api.serializers.base import Strict
from apps.api.serializers.imports import (
    ImportExportQuery,
    ImportRowQuery,
    ImportRowSerializer,
    ImportSerializer,
    Selection,
)
from apps.api.views import base
from apps.api.views.base import ApiView, ListView
from apps.api.views.identity_management import integration_at
from apps.events.actors import Target
from apps.provisioning.imports import actions, queries
from apps.provisioning.imports.export import FORMATS
from apps.provisioning.models import Import


class Imports(ListView):
    ordering = ("-created_at", "-pk")

    @extend_schema(responses=ImportSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Newest first; only the newest still has its rows."""
        self.query(Strict)
        return self.page(Import.objects.filter(integration=integration_at(pk)), ImportSerializer)

    @extend_schema(request=None, responses={202: ImportSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """A worker reads the accounts of the application. Nothing is written there, and nobody is taken in yet."""
        self.read(Strict)
        run = actions.start_import(integration_at(pk), actor=self.actor)
        return Response(ImportSerializer(run).data, status=202)


class OneImport(ApiView):
    @extend_schema(responses=ImportSerializer)
    def get(self, request: Request, pk: UUID, run: UUID) -> Response:
        """How far it is."""
        return Response(ImportSerializer(_run(pk, run)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, run: UUID) -> Response:
        """Stops what is under way. What was read, and whoever was taken in, stays."""
        actions.stop_import(_run(pk, run), actor=self.actor)
        return Response(status=204)


class ImportRows(ListView):
    @extend_schema(parameters=[ImportRowQuery], responses=ImportRowSerializer(many=True))
    def get(self, request: Request, pk: UUID, run: UUID) -> Response:
        """In the order in which the application lists them."""
        rows = _matching(_run(pk, run), self.query(ImportRowQuery))
        return self.page(rows, ImportRowSerializer, prepare=queries.add_matches)


class ImportRowExport(ApiView):
    @extend_schema(
        parameters=[ImportExportQuery],
        responses={(200, media_type.split(";")[0]): OpenApiTypes.STR for media_type, _ in FORMATS.values()},
    )
    def get(self, request: Request, pk: UUID, run: UUID) -> StreamingHttpResponse:
        """The same rows as the list has, all of them, streamed: what became of each, and why not."""
        found, wanted = _run(pk, run), self.query(ImportExportQuery)
        content_type, written = FORMATS[wanted["format"]]
        rows, application = _matching(found, wanted), Target.of("application", found.integration.application)
        tell_of_export(
            rows.count(),
            actor=self.actor,
            filters={name: wanted.get(name, "") for name in ("q", "state")},
            target=application,
            application=application,
        )
        response = StreamingHttpResponse(written(rows), content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="accounts.{wanted["format"]}"'
        return response


def _matching(run: Import, wanted: dict[str, Any]) -> Any:
    rows = queries.rows_of(run).matching(wanted.get("q", ""))
    state = wanted.get("state")
    return rows.filter(state=state) if state else rows


class ImportSelection(ApiView):
    @extend_schema(request=Selection, responses={202: ImportSerializer})
    def post(self, request: Request, pk: UUID, run: UUID) -> Response:
        """Takes them in, by a worker: new people without password, role and group; who has the e-mail address already is linked.

        Above a hundred a mail tells of the end. Imported people have no access until they are in a group that the application is bound to.
        """
        found = _run(pk, run)
        chosen = self.read(Selection)
        rows = None if chosen["all"] else chosen["rows"]
        selected = actions.select_rows(found, rows, actor=self.actor)
        return Response(ImportSerializer(selected).data, status=202)


class ImportResumptions(ApiView):
    @extend_schema(request=None, responses={202: ImportSerializer})
    def post(self, request: Request, pk: UUID, run: UUID) -> Response:
        """Reading goes on where it failed."""
        self.read(Strict)
        resumed = actions.resume_import(_run(pk, run), actor=self.actor)
        return Response(ImportSerializer(resumed).data, status=202)


def _run(pk: UUID, run: UUID) -> Any:
    return base.found(Import.objects.filter(integration=integration_at(pk)), pk=run)
