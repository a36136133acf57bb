"""What a client may ask before it does anything (RFC 7644 section 4)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django_scim import views as stock

from apps.lib.scim.errors import Forbidden, NotFound
from apps.lib.scim.messages import list_response
from apps.scim import discovery
from apps.scim.views.base import ScimView, answer


class ServiceProviderConfigView(ScimView, stock.ServiceProviderConfigView):  # type: ignore[misc]
    """Of django-scim2, with the setting SERVICE_PROVIDER_CONFIG_MODEL."""


class DiscoveryView(ScimView):
    """A list of documents, or the one that is named."""

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
