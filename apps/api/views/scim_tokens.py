from uuid import UUID

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Strict
from apps.api.serializers.programs import NewScimTokenSerializer, ScimTokenSerializer, ScimTokenToCreate
from apps.api.views.base import ApiView, ListView, by_id
from apps.scim.actions.sources import add_scim_token, revoke_scim_token
from apps.scim.models import ScimToken


class ScimTokens(ListView):
    @extend_schema(responses=ScimTokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        self.query(Strict)
        return self.page(ScimToken.objects.select_related("source"), ScimTokenSerializer)

    @extend_schema(request=ScimTokenToCreate, responses={201: NewScimTokenSerializer})
    def post(self, request: Request) -> Response:
        token, secret = add_scim_token(actor=self.actor, **self.read(ScimTokenToCreate))
        base_url = settings.PUBLIC_URL + reverse("scim:root")
        document = ScimTokenSerializer(token).data | {"base_url": base_url, "token": secret}
        return self.created(document, "scim-token", pk=token.pk)


class OneScimToken(ApiView):
    @extend_schema(responses=ScimTokenSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ScimTokenSerializer(by_id(ScimToken, pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Revoked from the next request on; it stays in the list."""
        revoke_scim_token(by_id(ScimToken, pk), actor=self.actor)
        return Response(status=204)
