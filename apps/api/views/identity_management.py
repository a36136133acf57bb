from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Strict
from apps.api.serializers.identity_management import (
    Decision,
    IntegrationSerializer,
    IntegrationToConfigure,
    PlanSerializer,
    SynchronizationSerializer,
)
from apps.api.views.base import ApiView, ListView, by_id
from apps.applications.models import Application
from apps.events.models import Event
from apps.events.types import EventType
from apps.provisioning.actions import (
    activate_integration,
    configure_integration,
    deactivate_integration,
    integration_of,
    resume_integration,
    synchronize,
)
from apps.provisioning.models import Integration
from apps.provisioning.preview import preview
from apps.provisioning.queries import health
from apps.provisioning.removal_decisions import approve_removals, reject_removals

MOST_ROWS = 1000


def integration_at(pk: UUID) -> Integration:
    """Of the application with this id. Raises Http404: there is none, or nothing is configured yet."""
    integration = integration_of(by_id(Application, pk))
    if integration is None:
        raise Http404
    return integration


def shown(integration: Integration) -> dict[str, Any]:
    integration.health = health(integration)  # type: ignore[attr-defined]
    return dict(IntegrationSerializer(integration).data)


def plan_document(integration: Integration) -> dict[str, Any]:
    found = preview(integration)
    document = {
        "user_counts": found.user_counts,
        "group_counts": found.group_counts,
        "held": found.held,
        "more": max(0, len(found.rows) - MOST_ROWS),
        "rows": found.rows[:MOST_ROWS],
    }
    return dict(PlanSerializer(document).data)


class IdentityManagement(ApiView):
    @extend_schema(responses=IntegrationSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """404 until it is configured."""
        return Response(shown(integration_at(pk)))

    @extend_schema(request=IntegrationToConfigure, responses=IntegrationSerializer)
    def put(self, request: Request, pk: UUID) -> Response:
        """What is left out stays as it is."""
        application = by_id(Application, pk)
        integration = configure_integration(
            application, actor=self.actor, **self.read(IntegrationToConfigure)
        )
        return Response(shown(integration))


class Activation(ApiView):
    @extend_schema(request=None, responses=IntegrationSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Asks the application first, by reading only; a refused token or address is a problem that names the field."""
        self.read(Strict)
        return Response(shown(activate_integration(integration_at(pk), actor=self.actor)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Accounts there stay as they are, and are no longer kept up to date."""
        deactivate_integration(integration_at(pk), actor=self.actor)
        return Response(status=204)


class Resumption(ApiView):
    @extend_schema(request=None, responses=IntegrationSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Ends a quarantine now instead of at `next_at`, if the application answers; nothing owed was dropped meanwhile."""
        self.read(Strict)
        return Response(shown(resume_integration(integration_at(pk), actor=self.actor)))


class Approval(ApiView):
    @extend_schema(request=Decision, responses=IntegrationSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Lets the held removals go."""
        integration = integration_at(pk)
        approve_removals(integration, actor=self.actor, **self.read(Decision))
        return Response(shown(integration))


class Rejection(ApiView):
    @extend_schema(request=Decision, responses=IntegrationSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """The accounts stay active, and are asked about again only when the person's own access changes."""
        integration = integration_at(pk)
        reject_removals(integration, actor=self.actor, **self.read(Decision))
        return Response(shown(integration))


class Plan(ApiView):
    @extend_schema(responses=PlanSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """What a synchronisation would do now; nothing is sent. At most a thousand rows."""
        self.query(Strict)
        return Response(plan_document(integration_at(pk)))


class Synchronizations(ListView):
    ordering = ("-created_at", "-pk")

    @extend_schema(responses=SynchronizationSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Who asked for one and when, newest first."""
        self.query(Strict)
        requested = Event.objects.about("application", by_id(Application, pk).pk).filter(
            type=EventType.IDM_INTEGRATION_UPDATE, details__synchronization="requested"
        )
        return self.page(requested, SynchronizationSerializer)

    @extend_schema(request=None, responses={202: IntegrationSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Everybody is compared again, by workers; `health` says how far they are."""
        self.read(Strict)
        return Response(shown(synchronize(integration_at(pk), actor=self.actor)), status=202)
