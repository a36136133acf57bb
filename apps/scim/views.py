"""django-scim2's views with our authentication, errors, look-up and lists (docs/decisions). What is not built yet answers 501."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django_scim import exceptions
from django_scim import views as stock
from pydantic import ValidationError
from scim2_models import SCIMException

from apps.directory.models import User as Person
from apps.lib.scim.errors import (
    BadRequest,
    Forbidden,
    InvalidFilter,
    InvalidValue,
    NotFound,
    NotImplementedHere,
    ScimError,
)
from apps.lib.scim.messages import encode, list_response
from apps.lib.scim.schemas import CONTENT_TYPE
from apps.scim import bodies, discovery
from apps.scim.afterwards import remembered
from apps.scim.authentication import authenticate
from apps.scim.errors import as_scim_error
from apps.scim.filters import UserFilter
from apps.scim.people import seen_by, with_identity

DEFAULT_COUNT = 100


def answer(document: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return HttpResponse(encode(document), status=status, content_type=CONTENT_TYPE)


def refusal(error: ScimError) -> HttpResponse:
    response = answer(error.to_document(), status=error.status)
    response.refused = error  # type: ignore[attr-defined]  # for apps.scim.afterwards
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="SCIM"'
    return response


class ScimView(stock.SCIMView):  # type: ignore[misc]
    """No query of the tenant's data before the token is known. CSRF: no cookie is ever looked at."""

    access = "scim_token"  # for the walk over every URL

    @method_decorator(csrf_exempt)
    @remembered
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            request.scim_source = authenticate(request).source  # type: ignore[attr-defined]
            if not self.implemented:
                raise NotImplementedHere
            response: HttpResponse = super(stock.SCIMView, self).dispatch(request, *args, **kwargs)
        except ScimError as error:
            return refusal(error)
        except exceptions.SCIMException as error:  # django-scim2's: an empty body, no operations
            return refusal(BadRequest(error.detail))
        except (SCIMException, ValidationError) as error:
            return refusal(as_scim_error(error))
        return response

    def load_body(self, _: bytes) -> dict[str, Any]:
        """Names ignore case (RFC 7643 section 2.1); django-scim2 looks for this one as it is written in the RFC."""
        document = bodies.read_object(self.request)
        return {
            "Operations" if name.casefold() == "operations" else name: document[name] for name in document
        }


class UsersView(ScimView, stock.UsersView):  # type: ignore[misc]
    http_method_names = ("get", "post", "put", "patch", "delete")

    def get_object(self) -> Person:
        """Of the tenant; locked for the request that changes it. Another tenant's person is not there."""
        try:
            key = UUID(self.kwargs["uuid"])
        except ValueError:
            raise NotFound from None
        found = seen_by(self.request.scim_source).filter(pk=key)
        if self.request.method != "GET":
            found = found.select_for_update()
        person: Person | None = with_identity(self.request.scim_source, found).first()
        if person is None or str(person.pk) != self.kwargs["uuid"]:
            raise NotFound
        return person

    def get_many(self, request: HttpRequest) -> HttpResponse:
        start, count = _page(request)
        found = self._found(request).order_by("created_at", "pk")
        total = found.count()
        known = with_identity(request.scim_source, found)  # type: ignore[attr-defined]
        page = known[start - 1 : start - 1 + count] if start <= total else []
        resources = [self.scim_adapter(person, request=request).to_dict() for person in page]
        return answer(list_response(resources, total=total, start_index=start))

    def _found(self, request: HttpRequest) -> QuerySet[Person]:
        if "filter" not in request.GET:
            return seen_by(request.scim_source)  # type: ignore[attr-defined]
        if not request.GET["filter"].strip():
            raise InvalidFilter("The filter is empty.")
        return UserFilter.search(request.GET["filter"], request)  # type: ignore[no-any-return]

    @transaction.atomic
    def put(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self._one()
        return super().put(request, *args, **kwargs)  # type: ignore[no-any-return]

    @transaction.atomic
    def patch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self._one()
        return super().patch(request, *args, **kwargs)  # type: ignore[no-any-return]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "uuid" in self.kwargs:
            return self.http_method_not_allowed(request)  # type: ignore[no-any-return]
        return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise NotImplementedHere("Deleting is not supported yet; set active to false.")

    def _one(self) -> None:
        if "uuid" not in self.kwargs:
            raise NotFound("The address names no user.")


class ServiceProviderConfigView(ScimView, stock.ServiceProviderConfigView):  # type: ignore[misc]
    """Of django-scim2, with the setting SERVICE_PROVIDER_CONFIG_MODEL."""


class DiscoveryView(ScimView):
    """A list of documents, or the one that is named (RFC 7644 section 4)."""

    http_method_names = ("get",)
    documents: Any = None  # a function of apps.scim.discovery

    def get(self, request: HttpRequest, uuid: str = "") -> HttpResponse:
        documents = type(self).documents()
        if uuid:
            found = [document for document in documents if document["id"] == uuid]
            if not found:
                raise NotFound
            return answer(found[0])
        if "filter" in request.GET:
            raise Forbidden("Filters do not apply here.")  # RFC 7644 section 4: 403
        return answer(list_response(documents))


class SchemasView(DiscoveryView):
    documents = discovery.schemas


class ResourceTypesView(DiscoveryView):
    documents = discovery.resource_types


def _page(request: HttpRequest) -> tuple[int, int]:
    """`startIndex` below 1 means 1, `count` below 0 means 0 (RFC 7644 section 3.4.2.4); a page is never longer than MOST_RESULTS."""
    start = max(_integer(request, "startIndex", 1), 1)
    count = min(max(_integer(request, "count", DEFAULT_COUNT), 0), discovery.MOST_RESULTS)
    return start, count


def _integer(request: HttpRequest, name: str, default: int) -> int:
    if name not in request.GET:
        return default
    try:
        return int(request.GET[name])
    except ValueError:
        raise InvalidValue(f"{name} has to be a whole number.") from None
