from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Strict
from apps.api.serializers.identity_management import PlanSerializer, PreparedPlanSerializer
from apps.api.serializers.mapping import MappingQuery, MappingSerializer, MappingToSet
from apps.api.views.base import ApiView
from apps.api.views.identity_management import integration_at, plan_of
from apps.directory.models import User
from apps.provisioning.mapping import SOURCES, MappingRow
from apps.provisioning.mapping_changes import (
    change_mapping,
    connectors_table,
    proposed,
    table_of,
    values_for,
)
from apps.provisioning.models import Integration


def mapping_document(integration: Integration, person: User | None = None) -> dict[str, Any]:
    rows = table_of(integration)
    values: Sequence[str | None] = [None] * len(rows)
    if person is not None:
        values = values_for(person, integration.application, rows)
    document = {
        "attributes": [asdict(row) | {"value": value} for row, value in zip(rows, values, strict=True)],
        "sources": SOURCES,
        "more_attributes": integration.dialect.more_attributes,
        "updates_users": integration.dialect.updates_users,
    }
    return dict(MappingSerializer(document).data)


def _rows(given: dict[str, Any]) -> list[MappingRow]:
    return [MappingRow(**row) for row in given["attributes"]]


class AttributeMapping(ApiView):
    @extend_schema(parameters=[MappingQuery], responses=MappingSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """With `user`, what is told about that person stands beside each row."""
        return Response(mapping_document(integration_at(pk), self.query(MappingQuery).get("user")))

    @extend_schema(request=MappingToSet, responses=MappingSerializer)
    def put(self, request: Request, pk: UUID) -> Response:
        """Everybody is compared again. What would give accounts another name asks for `renaming`."""
        integration, given = integration_at(pk), self.read(MappingToSet)
        integration = change_mapping(integration, _rows(given), actor=self.actor, renaming=given["renaming"])
        return Response(mapping_document(integration))

    @extend_schema(responses={200: MappingSerializer})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Back to the connector's table. Where that would give accounts another name, PUT it with `renaming` instead."""
        integration = integration_at(pk)
        rows = connectors_table(integration.application)
        return Response(mapping_document(change_mapping(integration, rows, actor=self.actor)))


class MappingPlan(ApiView):
    @extend_schema(request=MappingToSet, responses={200: PlanSerializer, 202: PreparedPlanSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """What a synchronisation would do if this were the mapping. Nothing is saved or sent. With many people 202, as for the plan itself."""
        self.query(Strict)
        integration = integration_at(pk)
        return plan_of(integration, proposed(integration, _rows(self.read(MappingToSet))))
