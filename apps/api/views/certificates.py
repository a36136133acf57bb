from typing import Any
from uuid import UUID

from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Strict
from apps.api.serializers.certificates import CertificateSerializer, NewCertificateSerializer
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.applications.models import Application
from apps.saml.actions.key_pairs import (
    add_certificate,
    certificates_of,
    promote_certificate,
    retire_certificate,
    upload_certificate,
)
from apps.saml.actions.new_key_pairs import Wanted
from apps.saml.models import KeyPair


class Certificates(ListView):
    @extend_schema(responses=CertificateSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """All of them on one page: the one that signs first."""
        self.query(Strict)
        certificates = CertificateSerializer(certificates_of(by_id(Application, pk)), many=True).data
        return Response({"next": None, "previous": None, "results": certificates})

    @extend_schema(request=NewCertificateSerializer, responses={201: CertificateSerializer})
    @sensitive_variables("sent")
    def post(self, request: Request, pk: UUID) -> Response:
        """A new one, generated or brought along, published beside the one that signs until it is promoted."""
        sent = self.read(NewCertificateSerializer)
        application = by_id(Application, pk)
        if "private_key" in sent:
            certificate = upload_certificate(application, actor=self.actor, **sent)
        else:
            certificate = add_certificate(application, actor=self.actor, wanted=Wanted(**sent))
        document = CertificateSerializer(certificate).data
        return self.created(document, "certificate", pk=pk, certificate=certificate.pk)


class OneCertificate(ApiView):
    @extend_schema(responses=CertificateSerializer)
    def get(self, request: Request, pk: UUID, certificate: UUID) -> Response:
        return Response(CertificateSerializer(_certificate(pk, certificate)).data)


class Promotion(ApiView):
    @extend_schema(request=None, responses=CertificateSerializer)
    def post(self, request: Request, pk: UUID, certificate: UUID) -> Response:
        """The next one signs from here on; the one that signed stays published until it is retired.

        A retiring one signs again: the way back when the application refuses the new one.
        """
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
