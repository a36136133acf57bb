from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import IdOf, Strict
from apps.api.serializers.users import GroupQuery, GroupSerializer, MemberSerializer
from apps.api.views.base import ApiView, ListView, by_id, found
from apps.directory.actions import add_group, add_member, remove_group, remove_member, update_group
from apps.directory.models import Group, User
from apps.scim.queries import check_changeable


class MemberToAdd(Strict):
    user = IdOf(User)


class Groups(ListView):
    @extend_schema(parameters=[GroupQuery], responses=GroupSerializer(many=True))
    def get(self, request: Request) -> Response:
        wanted = self.query(GroupQuery)
        return self.page(Group.objects.filter(name__icontains=wanted.get("q", "")), GroupSerializer)

    @extend_schema(request=GroupSerializer, responses={201: GroupSerializer})
    def post(self, request: Request) -> Response:
        group = add_group(actor=self.actor, **self.read(GroupSerializer))
        return self.created(GroupSerializer(group).data, "group", pk=group.pk)


class OneGroup(ApiView):
    @extend_schema(responses=GroupSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(GroupSerializer(by_id(Group, pk)).data)

    @extend_schema(request=GroupSerializer, responses=GroupSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        group, values = by_id(Group, pk), self.read(GroupSerializer, partial=True)
        if values.get("name", group.name) != group.name:
            check_changeable(group)
        group = update_group(group, actor=self.actor, **values)
        return Response(GroupSerializer(group).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        remove_group(by_id(Group, pk), actor=self.actor)
        return Response(status=204)


class Members(ListView):
    @extend_schema(responses=MemberSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        self.query(Strict)
        return self.page(by_id(Group, pk).memberships.select_related("user"), MemberSerializer)

    @extend_schema(request=MemberToAdd, responses={201: MemberSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Who is in already stays in. Refused for a group that an identity source manages."""
        group, user = by_id(Group, pk), self.read(MemberToAdd)["user"]
        check_changeable(group)
        add_member(group, user, actor=self.actor)
        membership = found(group.memberships.select_related("user"), user=user)
        return self.created(MemberSerializer(membership).data, "member", pk=pk, user=user.pk)


class OneMember(ApiView):
    @extend_schema(responses=MemberSerializer)
    def get(self, request: Request, pk: UUID, user: UUID) -> Response:
        membership = found(by_id(Group, pk).memberships.select_related("user"), user=user)
        return Response(MemberSerializer(membership).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, user: UUID) -> Response:
        group = by_id(Group, pk)
        membership = found(group.memberships.select_related("user"), user=user)
        check_changeable(group)
        remove_member(group, membership.user, actor=self.actor)
        return Response(status=204)
