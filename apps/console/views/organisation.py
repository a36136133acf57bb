"""Settings of the organisation as a whole: its name, all certificates at one look, and mail."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.renaming import rename_organisation
from apps.accounts.trial_mail import send_trial_mail
from apps.console.chips import certificate_chip
from apps.console.forms.organisation import OrganisationNameForm
from apps.console.pages import page_of, refusals_on, show
from apps.events.models import Event
from apps.events.types import EventType
from apps.mail.models import Letter
from apps.saml.models import KeyPair
from apps.tenants.addresses import tenant_url

LATELY = 10


@administrator_required
def index(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    posted = request.POST if request.method == "POST" else None
    form = OrganisationNameForm(posted, initial={"name": tenant.name})
    if form.is_valid():
        with refusals_on(form):
            rename_organisation(tenant, name=form.cleaned_data["name"], actor=actor_of(request))
            messages.success(request, _("The name was saved."))
            return redirect("console:organisation")
    addresses = [
        (_("Launcher"), tenant_url(tenant, "launcher:index")),
        (_("Console"), tenant_url(tenant, "console:overview")),
        (_("SCIM base URL"), tenant_url(tenant, "scim:root")),
        (_("REST API"), tenant_url(tenant, "api:root")),
    ]
    return show(request, "console/organisation.html", {"addresses": addresses}, form=form)


@administrator_required
@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """Of all applications, the one that ends first on top."""
    rows = KeyPair.objects.select_related("application").defer("application__logo")
    page = page_of(rows.order_by("not_after", "pk"), request)
    for row in page.rows:
        row.chip = certificate_chip(row)
    return show(request, "console/certificates.html", {"page": page})


@administrator_required
def mail(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        if send_trial_mail(request.user):  # type: ignore[arg-type]  # the guard lets people in, nobody anonymous
            text = _("A mail to %(address)s is on its way. Below it says when it was sent, or why not.")
            messages.success(request, text % {"address": request.user.email})  # type: ignore[union-attr]
        else:
            messages.warning(request, _("You have no e-mail address here."))
        return redirect("console:mail")
    context = {
        "sender": settings.DEFAULT_FROM_EMAIL,
        "as_files": settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"),
        "waiting": str(Letter.objects.count()),
        "events": Event.objects.filter(type=EventType.MAIL_SEND)[:LATELY],
    }
    return show(request, "console/mail.html", context)
