from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.applications import ConnectorSerializer
from apps.api.serializers.base import Strict
from apps.api.views.base import ApiView, ListView
from apps.applications.catalog import CATALOG


class Catalog(ListView):
    @extend_schema(responses=ConnectorSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All of them on one page."""
        self.query(Strict)
        connectors = ConnectorSerializer(list(CATALOG.values()), many=True).data
        return Response({"next": None, "previous": None, "results": connectors})


class OneConnector(ApiView):
    @extend_schema(responses=ConnectorSerializer)
    def get(self, request: Request, key: str) -> Response:
        if key not in CATALOG:
            raise Http404
        return Response(ConnectorSerializer(CATALOG[key]).data)
