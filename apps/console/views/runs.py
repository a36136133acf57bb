from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.accounts.access import administrator_required
from apps.console.pages import page_of, show
from apps.console.runs import keys, runs


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All long work of the organisation, wherever it was begun."""
    page = page_of(keys(), request)
    return show(request, "console/runs.html", {"page": replace(page, rows=runs(page.rows))})
