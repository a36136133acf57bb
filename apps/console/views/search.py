from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.accounts.access import READERS, any_role_required, role_of
from apps.applications.models import Application
from apps.console.pages import search_text, show
from apps.directory.models import Group, User

FOUND = 10


@any_role_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    text = search_text(request)
    everything = (
        text if role_of(request.user) in READERS else ""
    )  # what the help desk cannot open is not offered
    context = {
        "search_text": text,
        "users": User.objects.matching(text)[:FOUND] if text else [],
        "groups": Group.objects.filter(name__icontains=text)[:FOUND] if everything else [],
        "applications": Application.objects.filter(display_label__icontains=text).defer("logo")[:FOUND]
        if everything
        else [],
    }
    return show(request, "console/search.html", context)
