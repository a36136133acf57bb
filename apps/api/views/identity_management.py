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
    SeenPlan,
    SynchronizationSerializer,
    SynchronizationToChange,
)
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.applications.models import Application
from apps.provisioning.actions import (
    activate_integration,
    configure_integration,
    deactivate_integration,
    integration_of,
    resume_integration,
)
from apps.provisioning.models import Integration
from apps.provisioning.preview import preview
from apps.provisioning.queries import health
from apps.provisioning.removal_decisions import approve_removals, reject_removals
from apps.provisioning.running import cancel_synchronization, pause_integration, synchronize

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
        "digest": found.digest,
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
    @extend_schema(request=SeenPlan, responses=IntegrationSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Asks the application first, by reading only; a refused token or address is a problem that names the field."""
        seen = self.read(SeenPlan)
        return Response(shown(activate_integration(integration_at(pk), actor=self.actor, **seen)))

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


class Pause(ApiView):
    @extend_schema(request=None, responses=IntegrationSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Nothing is sent until `resumption/`; what changes meanwhile is kept."""
        self.read(Strict)
        return Response(shown(pause_integration(integration_at(pk), actor=self.actor)))


class Synchronizations(ListView):
    ordering = ("-created_at", "-pk")

    @extend_schema(responses=SynchronizationSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Who asked for one, when, and how far it is, newest first."""
        self.query(Strict)
        return self.page(integration_at(pk).synchronizations.all(), SynchronizationSerializer)

    @extend_schema(request=SeenPlan, responses={202: SynchronizationSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Everybody is compared again, by workers; `progress` says how far they are. 409 while another one is under way."""
        begun = synchronize(integration_at(pk), actor=self.actor, **self.read(SeenPlan))
        return Response(SynchronizationSerializer(begun).data, status=202)


class OneSynchronization(ApiView):
    @extend_schema(responses=SynchronizationSerializer)
    def get(self, request: Request, pk: UUID, synchronization: UUID) -> Response:
        self.query(Strict)
        return Response(SynchronizationSerializer(self._found(pk, synchronization)).data)

    @extend_schema(request=SynchronizationToChange, responses=SynchronizationSerializer)
    def patch(self, request: Request, pk: UUID, synchronization: UUID) -> Response:
        """Cancelling drops who was not begun until their next change, the next synchronisation or the nightly comparison."""
        row = self._found(pk, synchronization)
        self.read(SynchronizationToChange)
        return Response(SynchronizationSerializer(cancel_synchronization(row, actor=self.actor)).data)

    def _found(self, pk: UUID, synchronization: UUID) -> Any:
        return found(integration_at(pk).synchronizations.all(), pk=synchronization)
