from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.applications.actions import add_application
from apps.applications.catalog import CATALOG
from apps.console.forms.applications import NewApplicationForm
from apps.console.pages import refusals_on, search_text, show
from apps.tenants.addresses import tenant_url


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    text = search_text(request)
    words = text.casefold().split()
    found = [
        connector
        for connector in CATALOG.values()
        if all(
            word in f"{connector.label} {connector.description} {connector.category}".casefold()
            for word in words
        )
    ]
    return show(request, "console/catalog.html", {"connectors": found, "q": text})


@administrator_required
def connector(request: HttpRequest, key: str) -> HttpResponse:
    """The form that makes an application of a connector."""
    kind = CATALOG.get(key)
    if kind is None:
        raise Http404
    posted = request.method == "POST"
    initial = {"display_label": kind.label, "show_in_launcher": True}
    form = NewApplicationForm(
        kind, request.POST if posted else None, request.FILES if posted else None, initial=initial
    )
    if form.is_valid():
        with refusals_on(form):
            application = add_application(actor=actor_of(request), connector=key, **form.values())
            return redirect("console:application_created", application.pk)
    return show(
        request,
        "console/application_new.html",
        {"connector": kind, "idp_url": _idp_url(request)},
        form=form,
    )


def _idp_url(request: HttpRequest) -> str:
    """What the SSO IdP URL begins with; the application's own word follows."""
    address = tenant_url(request.tenant, "saml:sso", slug="x")  # type: ignore[attr-defined]
    return address.removesuffix("x")
