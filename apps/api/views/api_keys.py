from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.actions import add_api_key, revoke_api_key
from apps.api.models import ApiKey
from apps.api.serializers.base import Strict
from apps.api.serializers.programs import ApiKeySerializer, ApiKeyToCreate, NewApiKeySerializer
from apps.api.views.base import ApiView, ListView, by_id, found


def keys() -> object:
    return ApiKey.objects.select_related("owner__user")


class ApiKeys(ListView):
    @extend_schema(responses=ApiKeySerializer(many=True))
    def get(self, request: Request) -> Response:
        self.query(Strict)
        return self.page(keys(), ApiKeySerializer)

    @extend_schema(request=ApiKeyToCreate, responses={201: NewApiKeySerializer})
    def post(self, request: Request) -> Response:
        """A second key for whoever calls: nobody makes a key in another's name."""
        owner = request.auth.owner  # type: ignore[union-attr]
        key, secret = add_api_key(actor=self.actor, owner=owner, **self.read(ApiKeyToCreate))
        document = ApiKeySerializer(key).data | {"key": secret}
        return self.created(document, "api-key", pk=key.pk)


class OneApiKey(ApiView):
    @extend_schema(responses=ApiKeySerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ApiKeySerializer(found(keys(), pk=pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Revoked from the next request on; it stays in the list."""
        revoke_api_key(by_id(ApiKey, pk), actor=self.actor)
        return Response(status=204)
