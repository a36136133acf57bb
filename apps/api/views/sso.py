from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.parsers import JsonParser, PlainXmlParser, TextXmlParser, XmlParser
from apps.api.serializers.sso import MetadataAddress, SsoSerializer
from apps.api.views.base import ApiView, by_id
from apps.applications.models import Application
from apps.saml.actions.metadata import import_metadata, import_metadata_from_url
from apps.saml.actions.settings import sso_of, update_sso


class Sso(ApiView):
    @extend_schema(responses=SsoSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(SsoSerializer(sso_of(by_id(Application, pk))).data)

    @extend_schema(request=SsoSerializer, responses=SsoSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        settings = sso_of(by_id(Application, pk))
        settings = update_sso(settings, actor=self.actor, **self.read(SsoSerializer, partial=True))
        return Response(SsoSerializer(settings).data)


class ServiceProviderMetadata(ApiView):
    parser_classes = [JsonParser, XmlParser, PlainXmlParser, TextXmlParser]

    @extend_schema(
        request={"application/json": MetadataAddress, "application/samlmetadata+xml": OpenApiTypes.STR},
        responses=SsoSerializer,
    )
    def put(self, request: Request, pk: UUID) -> Response:
        """Takes over what the service provider's metadata says: the XML itself, or where to fetch it."""
        application = by_id(Application, pk)
        sent: Any = request.data
        if isinstance(sent, bytes):
            settings = import_metadata(application, sent, actor=self.actor)
        else:
            url = self.read(MetadataAddress)["url"]
            settings = import_metadata_from_url(application, url, actor=self.actor)
        return Response(SsoSerializer(settings).data)
