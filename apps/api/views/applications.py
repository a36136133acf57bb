from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.actions import update_application
from apps.api.serializers.applications import (
    ApplicationSerializer,
    ApplicationToCreate,
    ApplicationToUpdate,
    AssignmentSerializer,
    AssignmentToCreate,
)
from apps.api.serializers.base import Strict
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.applications.actions import add_application, assign_group, remove_application, remove_assignment
from apps.applications.models import Application


class Applications(ListView):
    @extend_schema(responses=ApplicationSerializer(many=True))
    def get(self, request: Request) -> Response:
        self.query(Strict)
        return self.page(Application.objects.select_related("tenant"), ApplicationSerializer)

    @extend_schema(request=ApplicationToCreate, responses={201: ApplicationSerializer})
    def post(self, request: Request) -> Response:
        application = add_application(actor=self.actor, **self.read(ApplicationToCreate))
        return self.created(ApplicationSerializer(application).data, "application", pk=application.pk)


class OneApplication(ApiView):
    @extend_schema(responses=ApplicationSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ApplicationSerializer(by_id(Application, pk)).data)

    @extend_schema(request=ApplicationToUpdate, responses=ApplicationSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        application = by_id(Application, pk)
        fields = self.read(ApplicationToUpdate, partial=True)
        application = update_application(application, actor=self.actor, **fields)
        return Response(ApplicationSerializer(application).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        remove_application(by_id(Application, pk), actor=self.actor)
        return Response(status=204)


class Assignments(ListView):
    @extend_schema(responses=AssignmentSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        self.query(Strict)
        return self.page(by_id(Application, pk).assignments.select_related("group"), AssignmentSerializer)

    @extend_schema(request=AssignmentToCreate, responses={201: AssignmentSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        application, group = by_id(Application, pk), self.read(AssignmentToCreate)["group"]
        assignment = assign_group(application, group, actor=self.actor)
        return self.created(AssignmentSerializer(assignment).data, "assignment", pk=pk, group=group.pk)


class OneAssignment(ApiView):
    @extend_schema(responses=AssignmentSerializer)
    def get(self, request: Request, pk: UUID, group: UUID) -> Response:
        assignments = by_id(Application, pk).assignments.select_related("group")
        return Response(AssignmentSerializer(found(assignments, group=group)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, group: UUID) -> Response:
        application = by_id(Application, pk)
        assignment = found(application.assignments.select_related("group"), group=group)
        remove_assignment(application, assignment.group, actor=self.actor)
        return Response(status=204)
