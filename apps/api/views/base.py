"""What all views share. A view parses, calls one action and renders; reading goes through the tenant's managers."""

from collections.abc import Callable, Container, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.api.authentication import actor_of
from apps.api.pagination import Pages
from apps.events.actors import Actor

PAGING = {"cursor", "limit"}


class ApiView(APIView):
    access = "api_key"  # for the walk over every URL
    help_desk: Sequence[str] = ()  # the methods that keys of the help desk may use
    asks: Sequence[str] = ()  # the methods that only ask, although others of their name change something
    pagination_class: Any = None  # the lists' own; drf-spectacular reads it

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def read(self, kind: type[Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The request's body. Raises ValidationError."""
        return _valid(kind(data=self.request.data, partial=partial))

    def query(self, kind: type[Serializer[Any]], *, apart: Container[str] = PAGING) -> dict[str, Any]:
        """The query parameters but those of paging: a misspelt filter would otherwise list everything, and of one that is given twice
        the last would be all that is looked at.
        """
        given = {name: values for name, values in self.request.query_params.lists() if name not in apart}
        if twice := [name for name, values in given.items() if len(values) > 1]:
            raise ValidationError({name: ["This is given more than once."] for name in twice})
        return _valid(kind(data={name: values[-1] for name, values in given.items()}))

    def page(
        self,
        queryset: Any,
        kind: type[Serializer[Any]],
        *,
        prepare: Callable[[list[Any]], None] = lambda rows: None,
    ) -> Response:
        """`prepare` gets the page's rows before they are written."""
        pages = Pages()
        rows = pages.paginate_queryset(queryset, self.request, self)
        prepare(rows)
        return pages.get_paginated_response(kind(rows, many=True).data)

    def created(self, document: Any, name: str, **kwargs: Any) -> Response:
        """201 with the address of what was made (RFC 9110 section 15.3.2)."""
        location = settings.PUBLIC_URL + reverse(f"api:{name}", kwargs=kwargs)
        return Response(document, status=201, headers={"Location": location})


class ListView(ApiView):
    pagination_class = Pages


def found(queryset: Any, **lookup: Any) -> Any:
    """Raises Http404: another tenant's row is not there."""
    row = queryset.filter(**lookup).first()
    if row is None:
        raise Http404
    return row


def by_id(model: Any, pk: UUID) -> Any:
    return found(model.objects.all(), pk=pk)


def _valid(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values
