"""Whatever answers below the SCIM base URL, it answers in SCIM: also what no view of ours saw (RFC 7644 section 3.12)."""

import re
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, set_urlconf

from apps.lib.scim.errors import ScimError
from apps.lib.scim.messages import encode
from apps.lib.scim.schemas import CONTENT_TYPE

NO_PAGE = "default-src 'none'; frame-ancestors 'none'"  # nothing of it is to run, wherever it is shown
IN_TENANT = "/scim/v2/"
BELOW = re.compile(r"\A/t/[^/]*/scim/v2(/|\Z)")


class ScimErrorsMiddleware:
    """Stands outside the tenant's middleware, whose unknown tenant is a page for people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        in_scim = BELOW.match(request.path_info) is not None
        response = self.get_response(request)
        if not in_scim:
            return response
        if response.status_code >= 400 and response.get("Content-Type") != CONTENT_TYPE:
            response = _in_scim(response)
        if response.get("Content-Type") == CONTENT_TYPE and _wants_plain_json(request):
            response["Content-Type"] = "application/json"
        response["Cache-Control"] = "no-store, private"
        response["Content-Security-Policy"] = NO_PAGE
        return response


class ScimRequestsMiddleware:
    """
    Calls the view at once: a token is all that a request brings, so there is no session to open, no form to protect, no message to show and
    no reader with a language. An address that is none takes the pages' way, for the answer of the class above.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(IN_TENANT):
            return self.get_response(request)
        urlconf = getattr(request, "urlconf", None)
        try:
            match = request.resolver_match = resolve(request.path_info, urlconf)
        except Resolver404:
            return self.get_response(request)
        set_urlconf(urlconf)  # for the addresses that the answer tells
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response


def _in_scim(response: HttpResponse) -> HttpResponse:
    error = ScimError(HTTPStatus(response.status_code).phrase)
    document = error.to_document() | {"status": str(response.status_code)}
    answer = HttpResponse(encode(document), status=response.status_code, content_type=CONTENT_TYPE)
    for name in ("Allow", "Retry-After"):
        if name in response:
            answer[name] = response[name]
    return answer


def _wants_plain_json(request: HttpRequest) -> bool:
    """OneLogin asks for application/json alone; everybody else gets what RFC 7644 section 3.1 says."""
    accepted = request.headers.get("Accept", "").lower()
    return "application/json" in accepted and "scim+json" not in accepted and "*/*" not in accepted
