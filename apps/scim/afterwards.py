"""What a request leaves behind besides its effect: a line for the administrators, and, where a person or a group was refused, a question to them."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.scim import recording
from apps.scim.actions.group_links import note_refused_group
from apps.scim.actions.links import note_refusal
from apps.scim.authentication import actor_of
from apps.scim.errors import GroupNotLinked, NotLinked

Dispatch = Callable[..., HttpResponse]


def remembered(dispatch: Dispatch) -> Dispatch:
    """
    For a view's dispatch, outside its transaction. It puts the error into `response.refused`. What is part of a bulk request is in that
    one's line, and asks its own questions.
    """

    @wraps(dispatch)
    def remembering(view: Any, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        request.scim_started = None if hasattr(request, "scim_source") else time.monotonic()
        response = dispatch(view, request, *args, **kwargs)
        source = getattr(request, "scim_source", None)
        if source is None:
            return response
        refused = getattr(response, "refused", None)
        if isinstance(refused, NotLinked):
            note_refusal(source, refused, actor=actor_of(request, source))
        if isinstance(refused, GroupNotLinked):
            note_refused_group(source, refused, actor=actor_of(request, source))
        if response.status_code != 429:  # a script gone wild is not to cost writes
            note(request, response)
            recording.prune_in_time(source)
        return response

    return remembering


def note(request: Any, response: Any) -> None:
    """The line of this request, once: of a write that goes well in its own transaction, of all else when it is over."""
    if request.scim_started is None or getattr(response, "is_noted", False):
        return
    response.is_noted = True
    recording.note(request.scim_source, request, _body(request), response, started=request.scim_started)


def _body(request: HttpRequest) -> bytes:
    """As far as the view read it: nothing more is read for this."""
    body: bytes = getattr(request, "_body", b"")
    return body
