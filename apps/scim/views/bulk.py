"""Bulk. Each operation goes through the same view as a request of its own, and is a transaction of its own."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.lib.scim.errors import InvalidPath, MethodNotAllowed
from apps.scim import bulk
from apps.scim.discovery import address
from apps.scim.views.base import ScimView, answer
from apps.scim.views.resources import GroupsView, UsersView

VIEWS = {"Users": UsersView.as_view(), "Groups": GroupsView.as_view()}


class BulkView(ScimView):
    http_method_names = ("post",)
    writes = False  # as a whole

    def post(self, request: HttpRequest) -> HttpResponse:
        operations, fail_on_errors = bulk.read(self.load_body(b""))
        run = bulk.Run(lambda operation: _sent(request, operation), fail_on_errors)
        return answer(bulk.response(run.through(operations)))


def _sent(request: HttpRequest, operation: bulk.Operation) -> bulk.Result:
    match = bulk.PATH.fullmatch(operation.path)
    if match is None:
        return bulk.refused(
            InvalidPath("path: It is /Users or /Groups, with an id unless something is created.")
        )
    if (operation.method == "POST") == (match[2] is not None):
        return bulk.refused(MethodNotAllowed())
    response = VIEWS[match[1]](_inner(request, operation), **({"uuid": match[2]} if match[2] else {}))
    if response.status_code >= 400:
        return bulk.Result(response.status_code, document=json.loads(response.content))
    location = response.get("Location", "") or f"{address(match[1].lower())}/{match[2]}"
    return bulk.Result(response.status_code, location, response.get("ETag", ""))


def _inner(request: HttpRequest, operation: bulk.Operation) -> HttpRequest:
    """The request that the operation stands for. Who sends it has been asked already."""
    inner: Any = HttpRequest()
    inner.method = operation.method
    inner.path, inner.path_info = request.path, request.path_info
    inner.META = {
        name: request.META[name] for name in ("REMOTE_ADDR", "HTTP_USER_AGENT") if name in request.META
    }
    if operation.version:
        inner.META["HTTP_IF_MATCH"] = operation.version
    inner.scim_source = request.scim_source  # type: ignore[attr-defined]
    inner._body = b""  # noqa: SLF001 - django-scim2 looks at the body of each request
    inner.scim_document = operation.data or {}
    return inner  # type: ignore[no-any-return]
