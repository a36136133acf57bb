"""The SCIM targets' one door. No session, no cookie: the bearer token is all that counts."""

from urllib.parse import unquote_plus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.sandbox import engine
from apps.sandbox.access import token_required
from apps.sandbox.errors import ScimRefused
from apps.sandbox.models import SandboxTarget
from apps.sandbox.targets.wire import Answer, rfc_refusal


@token_required
@never_cache
@csrf_exempt
def scim(request: HttpRequest, slug: str, rest: str) -> HttpResponse:
    """`rest` is all that follows the base URL; it is never redirected, since a client would drop its body or its token."""
    target = SandboxTarget.objects.filter(slug=slug).first()
    if target is None:
        return _sent(rfc_refusal(ScimRefused(404, "There is no such target.")))
    try:
        body = request.body
    except RequestDataTooBig:
        return _sent(rfc_refusal(ScimRefused(413, "The request is too large.")))
    query = request.META.get("QUERY_STRING", "")
    asked = engine.Request(
        method=str(request.method),
        path=rest,
        query=request.GET.dict(),
        authorization=request.headers.get("Authorization", ""),
        body=body,
        address=f"/{rest}" + (f"?{unquote_plus(query)}" if query else ""),
    )
    return _sent(engine.answer(target, asked))


def _sent(answer: Answer) -> HttpResponse:
    body = engine.body_of(answer)
    response = HttpResponse(
        body, status=answer.status, content_type=answer.content_type, headers=dict(answer.headers)
    )
    if not body:
        del response.headers["Content-Type"]
    return response
