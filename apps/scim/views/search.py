"""`.search` with POST, for filters that are too long or too private for an address (RFC 7644 section 3.4.3)."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from apps.lib.scim.errors import InvalidSyntax
from apps.lib.scim.schemas import SEARCH_REQUEST
from apps.scim.adapters import GroupAdapter, UserAdapter
from apps.scim.search import Adapters, page_of
from apps.scim.views.base import ScimView, answer

NAMES = ("attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count")
ON_THE_WIRE = {name.casefold(): name for name in NAMES}


class SearchView(ScimView):
    http_method_names = ("post",)
    writes = False
    adapters: ClassVar[Adapters] = (UserAdapter, GroupAdapter)

    def post(self, request: HttpRequest) -> HttpResponse:
        return answer(page_of(self.adapters, request, _parameters(self.load_body(b""))))


class UserSearchView(SearchView):
    adapters = (UserAdapter,)


class GroupSearchView(SearchView):
    adapters = (GroupAdapter,)


class RootView(SearchView):
    """The same with GET (section 3.4.2.1)."""

    http_method_names = ("get",)

    def get(self, request: HttpRequest) -> HttpResponse:
        return answer(page_of(self.adapters, request, request.GET))


def _parameters(document: dict[str, Any]) -> dict[str, Any]:
    """By their names on the wire; null is the same as left out. Raises InvalidSyntax."""
    schemas = document.get("schemas") or [SEARCH_REQUEST]
    if not isinstance(schemas, list) or SEARCH_REQUEST not in schemas:
        raise InvalidSyntax(f"schemas: A search is {SEARCH_REQUEST}.")
    return {
        ON_THE_WIRE[name.casefold()]: value
        for name, value in document.items()
        if name.casefold() in ON_THE_WIRE and value is not None
    }
