"""What an identity source asked for lately, and what it was answered."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.accounts.access import administrator_required
from apps.console.pages import page_of, search_text
from apps.console.source_page import show_source, source_or_404
from apps.directory.models import User
from apps.directory.validators import fold
from apps.scim.models import ExternalIdentity, ReceivedRequest, Source

PEOPLE = 5  # whose ids are looked for beside the words themselves


@administrator_required
@require_safe
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The newest ones; `?result=refused` shows what went wrong only, `?q=` what names a person, or holds these words."""
    source: Source = source_or_404(pk)
    rows = ReceivedRequest.objects.filter(source=source)
    refused, text = request.GET.get("result") == "refused", search_text(request)
    if refused:
        rows = rows.filter(status__gte=400)
    if text:
        rows = rows.filter(_naming([text, *_ids_of(source, text)]))
    context = {"page": page_of(rows, request), "refused": refused, "q": text}
    return show_source(request, "console/source_requests.html", source, context)


def _ids_of(source: Source, text: str) -> list[str]:
    """Of whoever is called that, here or at the source: most requests name people by id alone."""
    sent = ExternalIdentity.objects.filter(source=source).filter(
        Q(user_name_key=fold(text)) | Q(external_id=text)
    )
    known: Any = [*sent.values_list("user", flat=True)[:PEOPLE]]
    known += User.objects.named(text).values_list("pk", flat=True)[:PEOPLE]
    return sorted({str(key) for key in known})


def _naming(texts: list[str]) -> Q:
    found = Q()
    for text in texts:
        for column in ("path", "request", "answer", "detail"):
            found |= Q(**{f"{column}__icontains": text})
    return found
