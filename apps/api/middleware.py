"""Whatever answers below the API's address, a refusal is a problem document: also what no view of ours saw."""

import json
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.api.errors import CONTENT_TYPE, problem

BELOW = re.compile(r"\A/t/[^/]*/api/v1(/|\Z)")


class ApiProblemsMiddleware:
    """Stands outside the tenant's middleware, whose unknown tenant is a page for people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        in_api = BELOW.match(request.path_info) is not None
        response = self.get_response(request)
        if not in_api:
            return response
        if response.status_code >= 400 and response.get("Content-Type") != CONTENT_TYPE:
            response = _as_problem(response)
        response["Cache-Control"] = "no-store, private"
        return response


def _as_problem(response: HttpResponse) -> HttpResponse:
    content = json.dumps(problem(response.status_code))
    answer = HttpResponse(content, status=response.status_code, content_type=CONTENT_TYPE)
    for name in ("Allow", "Retry-After"):
        if name in response:
            answer[name] = response[name]
    return answer
