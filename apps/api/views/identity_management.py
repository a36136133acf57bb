from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Strict
from apps.api.serializers.identity_management import (
    Decision,
    IntegrationSerializer,
    IntegrationToConfigure,
    PlanSerializer,
    PreparedPlanSerializer,
    SeenPlan,
    SynchronizationSerializer,
    SynchronizationToChange,
)
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.applications.models import Application
from apps.provisioning.actions import (
    configure_integration,
    deactivate_integration,
    integration_of,
    resume_integration,
)
from apps.provisioning.models import Integration, PreparedPlan
from apps.provisioning.plans import actions as plans
from apps.provisioning.preview import Preview, preview
from apps.provisioning.queries import health
from apps.provisioning.removal_decisions import approve_removals, reject_removals
from apps.provisioning.running import cancel_synchronization, pause_integration

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


def plan_of(integration: Integration, tried: Integration | None = None) -> Response:
    """The plan, or with many people 202 and the address where it will be. `tried` is the integration with another mapping."""
    would_be = tried or integration
    people = plans.few(integration)
    if people is not None:
        found = preview(would_be, people)
        return Response(_plan_document(found, found.rows[:MOST_ROWS], len(found.rows)))
    prepared = plans.prepare(integration, mapping=tried.mapping if tried else None)
    address = reverse("api:prepared-plan", args=[integration.application_id, prepared.pk])
    headers = {"Location": settings.PUBLIC_URL + address, "Retry-After": "2"}
    return Response(_prepared_document(prepared), status=202, headers=headers)


def _prepared_document(prepared: PreparedPlan) -> dict[str, Any]:
    plan = None
    if prepared.ready_at is not None:
        plan = _plan_document(prepared, prepared.rows.all()[:MOST_ROWS], prepared.changes)
    return dict(PreparedPlanSerializer(prepared).data) | {"plan": plan}


def _plan_document(found: Preview | PreparedPlan, rows: Any, changes: int) -> dict[str, Any]:
    document = {
        "user_counts": found.user_counts,
        "group_counts": found.group_counts,
        "held": found.held,
        "digest": found.digest,
        "more": max(0, changes - MOST_ROWS),
        "rows": rows,
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
    @extend_schema(request=SeenPlan, responses={200: IntegrationSerializer, 202: IntegrationSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Asks the application first, by reading only; a refused token or address is a problem that names the field.

        With many people 202: it is active once a worker has compared the plan; the newest of `synchronizations/` tells.
        """
        integration = integration_at(pk)
        integration = plans.activate(integration, actor=self.actor, **self.read(SeenPlan))
        return Response(shown(integration), status=200 if integration.is_active else 202)

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
    @extend_schema(responses={200: PlanSerializer, 202: PreparedPlanSerializer})
    def get(self, request: Request, pk: UUID) -> Response:
        """What a synchronisation would do now; nothing is sent. At most a thousand rows.

        With many people 202: a worker makes it, and `Location` is where it will be.
        """
        self.query(Strict)
        return plan_of(integration_at(pk))


class OnePreparedPlan(ApiView):
    @extend_schema(responses=PreparedPlanSerializer)
    def get(self, request: Request, pk: UUID, plan: UUID) -> Response:
        """How far it is; `plan` once it is ready. Kept for a day at the most."""
        self.query(Strict)
        rows = PreparedPlan.objects.filter(integration=integration_at(pk), synchronization=None)
        return Response(_prepared_document(found(rows, pk=plan)))


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
        """Everybody is compared again, by workers; `progress` says how far they are. 409 while another one is under way.

        With many people its state is `planning` first, and `refused` where the plan is another by now.
        """
        begun = plans.synchronize(integration_at(pk), actor=self.actor, **self.read(SeenPlan))
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
