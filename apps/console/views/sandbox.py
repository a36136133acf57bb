from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from apps.accounts.access import administrator_required
from apps.console.pages import show


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Only the way to the sandbox: it plays the other side and is met over HTTP alone."""
    try:
        address = reverse("sandbox:index")
    except NoReverseMatch:  # the sandbox is not part of this installation
        address = ""
    return show(request, "console/sandbox.html", {"sandbox_url": address})
