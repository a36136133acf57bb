from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.sso import SsoSerializer
from apps.api.views.base import ApiView, by_id
from apps.applications.models import Application
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
