from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.one_time_links import send_password_link
from apps.api.actions import remove_person, update_person
from apps.api.permissions import check_may_change
from apps.api.serializers.users import PasswordLinkSerializer, UserQuery, UserSerializer
from apps.api.views.base import ApiView, ListView, by_id
from apps.directory.actions import add_user
from apps.directory.models import User


class Users(ListView):
    help_desk = (*SAFE_METHODS, "POST")

    @extend_schema(parameters=[UserQuery], responses=UserSerializer(many=True))
    def get(self, request: Request) -> Response:
        wanted = self.query(UserQuery)
        users = User.objects.select_related("administrator").matching(wanted.get("q", ""))
        if "username" in wanted:
            users = users.named(wanted["username"])
        if wanted["active"] is not None:
            users = users.filter(active=wanted["active"])
        return self.page(users, UserSerializer)

    @extend_schema(request=UserSerializer, responses={201: UserSerializer})
    def post(self, request: Request) -> Response:
        user = add_user(actor=self.actor, **self.read(UserSerializer))
        return self.created(UserSerializer(user).data, "user", pk=user.pk)


class OneUser(ApiView):
    help_desk = (*SAFE_METHODS, "PATCH")

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(UserSerializer(by_id(User, pk)).data)

    @extend_schema(request=UserSerializer, responses=UserSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        user = by_id(User, pk)
        check_may_change(request, user)
        user = update_person(user, actor=self.actor, **self.read(UserSerializer, partial=True))
        return Response(UserSerializer(user).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        user = by_id(User, pk)
        check_may_change(request, user)
        remove_person(user, actor=self.actor)
        return Response(status=204)


class PasswordLink(ApiView):
    help_desk = (*SAFE_METHODS, "POST")

    @extend_schema(request=None, responses={202: PasswordLinkSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """A mail with a link: an invitation, good for seven days, or for whoever has a password a reset, good for an hour."""
        user = by_id(User, pk)
        check_may_change(request, user)
        purpose = send_password_link(user, actor=self.actor)
        return Response({"purpose": purpose, "address": user.email}, status=202)
