"""People and groups."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django_scim import views as stock

from apps.lib.scim.errors import BadRequest, NotFound
from apps.lib.scim.schemas import CONTENT_TYPE
from apps.scim import preconditions
from apps.scim import selection as selections
from apps.scim.adapters import GroupAdapter, UserAdapter
from apps.scim.adapters.base import ResourceAdapter
from apps.scim.adapters.groups import WITHOUT_MEMBERS
from apps.scim.columns.comparing import as_id
from apps.scim.search import page_of
from apps.scim.views.base import ScimView, answer


class ResourceView(ScimView):
    """PUT and DELETE are django-scim2's; each verb looks the resource up before it reads the body."""

    http_method_names = ("get", "post", "put", "patch", "delete")
    adapter_class: ClassVar[type[ResourceAdapter]]
    adapter: ResourceAdapter | None = None

    def scim_adapter(self, obj: Any, request: HttpRequest) -> ResourceAdapter:
        self.adapter = self.adapter or self.adapter_class(obj, request=request)
        return self.adapter

    def get_object(self) -> Any:
        """Of the tenant; locked for the request that changes it. Another tenant's is not there. Raises NotFound, PreconditionFailed."""
        source, key = self.request.scim_source, as_id(self.kwargs.get("uuid"))
        if key is None:
            raise NotFound
        found = self.adapter_class.one(source, key, self._needed(), locked=self.request.method != "GET")
        if found is None:
            raise NotFound
        self.adapter = self.scim_adapter(found, self.request)
        self.unchanged = preconditions.check(self.request, self.adapter.version)
        return found

    def _needed(self) -> selections.Selection:
        if self.request.method != "GET":
            return WITHOUT_MEMBERS  # the answer reads them again, if it tells them
        return selections.read(self.adapter_class.kind, self.request.GET)

    def begin_again(self) -> None:
        self.adapter = None

    def finish(self, response: HttpResponse) -> None:
        super().finish(response)
        if self.adapter is not None and self.request.method != "DELETE":
            response["ETag"] = self.adapter.version

    def get_single(self, request: HttpRequest) -> HttpResponse:
        adapter = self.scim_adapter(self.get_object(), request)
        if self.unchanged:
            return HttpResponseNotModified()
        return self._told(adapter)

    def get_many(self, request: HttpRequest) -> HttpResponse:
        return answer(page_of((self.adapter_class,), request, request.GET))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "uuid" in self.kwargs:
            return self.http_method_not_allowed(request)  # type: ignore[no-any-return]
        adapter = self.scim_adapter(None, request)
        document = self.load_body(request.body)
        if not document:
            raise BadRequest("A POST needs a body.")
        adapter.validate_dict(document)
        adapter.save()
        return self._told(adapter, status=201)

    def patch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        adapter = self.scim_adapter(self.get_object(), request)
        operations = self.load_body(request.body).get("Operations")
        if not operations:
            raise BadRequest("A PATCH needs Operations.")
        adapter.handle_operations(operations)
        return self._told(adapter)

    def _told(self, adapter: ResourceAdapter, *, status: int = 200) -> HttpResponse:
        response = HttpResponse(adapter.written(), status=status, content_type=CONTENT_TYPE)
        response["Location"] = adapter.location
        return response


class UsersView(ResourceView, stock.UsersView):  # type: ignore[misc]
    adapter_class = UserAdapter


class GroupsView(ResourceView, stock.GroupsView):  # type: ignore[misc]
    adapter_class = GroupAdapter

    def patch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """204, as Entra ID wants it, and so that one more member does not cost telling all of them."""
        response: HttpResponse = super().patch(request, *args, **kwargs)
        told = {"attributes", "excludedAttributes"} & set(request.GET)
        return response if told else HttpResponse(status=204)
