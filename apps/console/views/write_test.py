from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from apps.accounts.access import actor_of, administrator_required
from apps.console.application_page import application_or_404, show_tab
from apps.console.forms.write_test import WriteTestForm
from apps.console.pages import refusals_on
from apps.provisioning.actions import integration_of
from apps.provisioning.write_test import suggested_email, try_writing


@administrator_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a write test does, and after "Write test" what came of each step. Nothing of it is kept but an event."""
    application = application_or_404(pk)
    integration = integration_of(application)
    if application.connector.scim is None or integration is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    own = str(getattr(request.user, "email", ""))
    form = WriteTestForm(data, initial={"email": suggested_email(own)})
    context: dict[str, Any] = {"integration": integration, "scim": integration.dialect}
    if form.is_valid():
        with refusals_on(form):
            context["tried"] = try_writing(
                integration, email=form.cleaned_data["email"], actor=actor_of(request)
            )
    return show_tab(request, "console/application_write_test.html", application, context, form=form)
