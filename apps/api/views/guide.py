from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Strict
from apps.api.views.base import ApiView, by_id
from apps.applications.models import Application
from apps.provisioning.actions import integration_of
from apps.saml.guide import guide_of


class GuideValueSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="What the vendor calls it.")
    value = serializers.CharField()


class GuideStepSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    values = GuideValueSerializer(many=True)
    page = serializers.CharField(help_text="The page of the console where it is done; empty: at the vendor.")
    done = serializers.BooleanField(allow_null=True, help_text="Null where nothing tells us.")


class GuideSerializer(serializers.Serializer[Any]):
    follows = serializers.CharField(source="source", help_text="Whose pages the words are from.")
    sign_on = GuideStepSerializer(many=True)
    accounts = GuideStepSerializer(many=True)


class OneGuide(ApiView):
    @extend_schema(responses=GuideSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """The vendor's guide with this organisation's values filled in. 404 for a bookmark."""
        self.query(Strict)
        application = by_id(Application, pk)
        integration = integration_of(application)
        active = integration is not None and integration.is_active
        guide = guide_of(application, identity_active=active)
        if guide is None:
            raise Http404
        return Response(GuideSerializer(guide).data)
