from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.parsers import JsonParser, PlainXmlParser, TextXmlParser, XmlParser
from apps.api.serializers.base import Strict
from apps.api.serializers.sso import CertificateSerializer, MetadataAddress, SsoSerializer
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.applications.models import Application
from apps.saml.actions.key_pairs import (
    add_certificate,
    certificates_of,
    promote_certificate,
    retire_certificate,
)
from apps.saml.actions.metadata import import_metadata, import_metadata_from_url
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.models import KeyPair


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


class Certificates(ListView):
    @extend_schema(responses=CertificateSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """All of them on one page: the one that signs first."""
        self.query(Strict)
        certificates = CertificateSerializer(certificates_of(by_id(Application, pk)), many=True).data
        return Response({"next": None, "previous": None, "results": certificates})

    @extend_schema(request=None, responses={201: CertificateSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """A new one, published beside the one that signs until it is promoted."""
        self.read(Strict)
        certificate = add_certificate(by_id(Application, pk), actor=self.actor)
        document = CertificateSerializer(certificate).data
        return self.created(document, "certificate", pk=pk, certificate=certificate.pk)


class OneCertificate(ApiView):
    @extend_schema(responses=CertificateSerializer)
    def get(self, request: Request, pk: UUID, certificate: UUID) -> Response:
        return Response(CertificateSerializer(_certificate(pk, certificate)).data)


class Promotion(ApiView):
    @extend_schema(request=None, responses=CertificateSerializer)
    def post(self, request: Request, pk: UUID, certificate: UUID) -> Response:
        """The next one signs from here on; the one that signed stays published until it is retired."""
        self.read(Strict)
        promoted = promote_certificate(_certificate(pk, certificate), actor=self.actor)
        return Response(CertificateSerializer(promoted).data)


class Retirement(ApiView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, pk: UUID, certificate: UUID) -> Response:
        """Gone from the metadata, and its private key from the database."""
        self.read(Strict)
        retire_certificate(_certificate(pk, certificate), actor=self.actor)
        return Response(status=204)


def _certificate(pk: UUID, certificate: UUID) -> Any:
    pairs = KeyPair.objects.select_related("application")
    return found(pairs, application=by_id(Application, pk), pk=certificate)
