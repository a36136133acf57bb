from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Reference, Strict
from apps.api.views.base import ListView, by_id
from apps.applications.identity_match import DIFFERS, SAME, UNKNOWN, compared, verdict_on
from apps.applications.models import Application
from apps.provisioning.identities import account_expressions
from apps.saml.actions.settings import sso_of
from apps.saml.name_id_values import name_id_expression


class IdentityMatchQuery(Strict):
    match = serializers.ChoiceField(choices=[SAME, DIFFERS, UNKNOWN], required=False)


class IdentityMatchSerializer(serializers.Serializer[Any]):
    """One person with access: what a sign-in would say, and what the account has."""

    user = Reference(source="*")
    name_id = serializers.CharField(help_text="Empty where it is random and not made yet.")
    user_name = serializers.CharField()
    external_id = serializers.CharField()
    email = serializers.CharField(source="account_email")
    remote_id = serializers.CharField(help_text="Empty: there is no account yet, and the values are planned.")
    match = serializers.ChoiceField(choices=[SAME, DIFFERS, UNKNOWN])
    certain = serializers.BooleanField(source="verdict.certain", help_text="The vendor says so.")
    sentence = serializers.CharField(source="verdict.sentence")


class IdentityMatch(ListView):
    @extend_schema(parameters=[IdentityMatchQuery], responses=IdentityMatchSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """Whether the NameID of each person with access is what their account is known by. 404 for a bookmark."""
        application = by_id(Application, pk)
        if application.connector.saml is None or application.connector.scim is None:
            raise Http404
        wanted = self.query(IdentityMatchQuery).get("match")
        people = compared(
            application, name_id_expression(sso_of(application)), account_expressions(application)
        )

        def judged(rows: list[Any]) -> None:
            for row in rows:
                row.verdict = verdict_on(row, application)

        people = people.filter(match=wanted) if wanted else people
        return self.page(people, IdentityMatchSerializer, prepare=judged)
