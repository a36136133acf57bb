from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.actions import add_administrator, change_role, remove_administrator
from apps.accounts.administrators import administrators_of_tenant
from apps.accounts.models import Administrator
from apps.api.permissions import check_may_grant
from apps.api.serializers.base import Strict
from apps.api.serializers.programs import AdministratorSerializer, AdministratorToCreate, RoleToChange
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.directory.errors import FieldsTaken


def _with_all(pk: UUID) -> Administrator:
    administrator: Administrator = found(administrators_of_tenant(), pk=pk)
    return administrator


class Administrators(ListView):
    @extend_schema(responses=AdministratorSerializer(many=True))
    def get(self, request: Request) -> Response:
        self.query(Strict)
        return self.page(administrators_of_tenant(), AdministratorSerializer)

    @extend_schema(request=AdministratorToCreate, responses={201: AdministratorSerializer})
    def post(self, request: Request) -> Response:
        wanted = self.read(AdministratorToCreate)
        check_may_grant(request, wanted["role"])
        administrator = add_administrator(wanted["user"], actor=self.actor, role=wanted["role"])
        if administrator.role != wanted["role"]:
            raise FieldsTaken({"user": ["This person has another role already: remove it first."]})
        document = AdministratorSerializer(_with_all(administrator.pk)).data
        return self.created(document, "administrator", pk=administrator.pk)


class OneAdministrator(ApiView):
    @extend_schema(responses=AdministratorSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(AdministratorSerializer(_with_all(pk)).data)

    @extend_schema(request=RoleToChange, responses=AdministratorSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        administrator = by_id(Administrator, pk)
        check_may_grant(request, administrator.role)
        wanted = self.read(RoleToChange)["role"]
        check_may_grant(request, wanted)
        change_role(administrator, wanted, actor=self.actor)
        return Response(AdministratorSerializer(_with_all(pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """The person stays; their API keys are gone for good."""
        administrator = by_id(Administrator, pk)
        check_may_grant(request, administrator.role)
        remove_administrator(administrator, actor=self.actor)
        return Response(status=204)
