"""What stands between the server and every answer."""

from collections.abc import Callable

import structlog
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render

log = structlog.get_logger(__name__)


class ContentPolicyMiddleware(CSPMiddleware):
    """The pages' policy for whatever has none of its own yet: laying one out takes longer than the rest of the way out."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if HEADER in response.headers else super().process_response(request, response)


class NotAllowedPageMiddleware:
    """Who opens as a page what only takes a form sees why, not an empty window. Programs get the answer as it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        wanted = request.accepts("text/html") and not request.path_info.startswith(settings.SPOKEN_IN_ENGLISH)
        if isinstance(response, HttpResponseNotAllowed) and not response.content and wanted:
            page = render(request, "405.html", status=response.status_code)
            page["Allow"] = response["Allow"]
            return page
        return response


class GonePageMiddleware:
    """Whoever acts on what somebody else deletes at that moment sees that it is not there. A page that only shows has no such excuse."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if request.method in {"GET", "HEAD", "OPTIONS"} or not isinstance(error, ObjectDoesNotExist):
            return None
        log.warning("gone_meanwhile", path=request.path, exc_info=error)
        return render(request, "404.html", status=404)
