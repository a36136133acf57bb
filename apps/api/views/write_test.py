from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.write_test import WriteTestSerializer, WriteTestToRun
from apps.api.views.base import ApiView
from apps.api.views.identity_management import integration_at
from apps.provisioning.write_test import try_writing


class WriteTests(ApiView):
    @extend_schema(request=WriteTestToRun, responses=WriteTestSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Makes one test account there, changes, deactivates and, where that is possible, deletes it: now, step by step."""
        integration = integration_at(pk)
        tried = try_writing(integration, actor=self.actor, **self.read(WriteTestToRun))
        return Response(WriteTestSerializer(tried).data)
