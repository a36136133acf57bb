"""The service provider's metadata: taken over, refreshed, and what of a refresh waits for a decision."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.parsers import JsonParser, PlainXmlParser, TextXmlParser, XmlParser
from apps.api.serializers.base import Strict
from apps.api.serializers.metadata import (
    MetadataAddress,
    MetadataChoice,
    MetadataSourceSerializer,
    RefreshSerializer,
    ShownChange,
)
from apps.api.serializers.sso import SsoSerializer
from apps.api.views.base import ApiView, by_id, found
from apps.applications.models import Application
from apps.saml.actions.metadata import import_metadata, import_metadata_from_url
from apps.saml.actions.metadata_refresh import accept_change, forget_source, refresh_now, reject_change
from apps.saml.models import MetadataSource


class ServiceProviderMetadata(ApiView):
    parser_classes = [JsonParser, XmlParser, PlainXmlParser, TextXmlParser]

    @extend_schema(responses=MetadataSourceSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """Where the settings were taken from, how its refresh goes, and what waits. 404: they were entered by hand."""
        return Response(MetadataSourceSerializer(_source(by_id(Application, pk))).data)

    @extend_schema(
        parameters=[OpenApiParameter("entity_id", str, description="With XML that describes several.")],
        request={"application/json": MetadataAddress, "application/samlmetadata+xml": OpenApiTypes.STR},
        responses=SsoSerializer,
    )
    def put(self, request: Request, pk: UUID) -> Response:
        """Takes over what the service provider's metadata says: the XML itself, or where to fetch it.

        An address is refreshed from then on. Where several service providers are described and none is named, the
        problem lists them as `service_providers`.
        """
        application = by_id(Application, pk)
        sent: Any = request.data
        if isinstance(sent, bytes):
            chosen = self.query(MetadataChoice).get("entity_id", "")
            settings = import_metadata(application, sent, actor=self.actor, entity_id=chosen)
        else:
            given = self.read(MetadataAddress)
            settings = import_metadata_from_url(
                application,
                given["url"],
                actor=self.actor,
                entity_id=given.get("entity_id", ""),
                signed_by=given.get("signing_certificate"),
            )
        return Response(SsoSerializer(settings).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Forgets where the settings came from: they stay, are no longer refreshed, and do not end with the file."""
        forget_source(_source(by_id(Application, pk)).application, actor=self.actor)
        return Response(status=204)


class MetadataRefreshes(ApiView):
    @extend_schema(request=None, responses=RefreshSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Fetches it now instead of at its time. That the address fails is an answer, too: `failed`."""
        self.read(Strict)
        application = by_id(Application, pk)
        outcome = refresh_now(application, actor=self.actor)
        document = {"outcome": outcome.value, "metadata": _source(application)}
        return Response(RefreshSerializer(document).data)


class ChangeAcceptance(ApiView):
    @extend_schema(request=ShownChange, responses=SsoSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Takes over exactly the change with that digest; 409 where another one waits meanwhile."""
        settings = accept_change(by_id(Application, pk), self.read(ShownChange)["digest"], actor=self.actor)
        return Response(SsoSerializer(settings).data)


class ChangeRejection(ApiView):
    @extend_schema(request=ShownChange, responses=SsoSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Everything stays, and the same change is not proposed again."""
        settings = reject_change(by_id(Application, pk), self.read(ShownChange)["digest"], actor=self.actor)
        return Response(SsoSerializer(settings).data)


def _source(application: Application) -> Any:
    return found(MetadataSource.objects.select_related("application__sso"), application=application)
