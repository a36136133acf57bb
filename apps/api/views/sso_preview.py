from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.sso_preview import APPLICATION, PreviewQuery, PreviewSerializer
from apps.api.views.base import ApiView, by_id
from apps.applications.models import Application
from apps.saml.actions.previews import preview_sign_in


class SsoPreview(ApiView):
    @extend_schema(parameters=[PreviewQuery], responses=PreviewSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """What the application would be told about a person, and why they would get in or not. Nobody can sign in with it;
        the event log keeps who looked."""
        application = by_id(Application, pk)
        asked = self.query(PreviewQuery)
        started_there = asked.get("start") == APPLICATION
        found = preview_sign_in(asked["user"], application, sp_initiated=started_there, actor=self.actor)
        return Response(PreviewSerializer(found).data)
