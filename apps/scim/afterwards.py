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
    def remembering(view: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        started, is_part = time.monotonic(), hasattr(request, "scim_source")
        response = dispatch(view, request, *args, **kwargs)
        source = getattr(request, "scim_source", None)
        if source is None:
            return response
        refused = getattr(response, "refused", None)
        if isinstance(refused, NotLinked):
            note_refusal(source, refused, actor=actor_of(request, source))
        if isinstance(refused, GroupNotLinked):
            note_refused_group(source, refused, actor=actor_of(request, source))
        if not is_part and response.status_code != 429:  # a script gone wild is not to cost writes
            recording.note(source, request, _body(request), response, started=started)
        return response

    return remembering


def _body(request: HttpRequest) -> bytes:
    """As far as the view read it: nothing more is read for this."""
    body: bytes = getattr(request, "_body", b"")
    return body
