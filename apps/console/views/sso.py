from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, administrator_required
from apps.applications.actions import deactivate_application, reactivate_application, update_application
from apps.applications.models import Application
from apps.console.application_page import application_or_404, settings_of, show_tab
from apps.console.forms.people import ConfirmForm
from apps.console.forms.sso import BookmarkForm, SsoForm
from apps.console.forms.sso_attributes import attribute_rows, attribute_values, tell_of_rows
from apps.console.forms.sso_metadata import MetadataForm
from apps.console.metadata_notices import metadata_status
from apps.console.pages import back_to_form, refusals_on, show
from apps.console.provider_certificates import provider_certificates
from apps.console.views.sso_metadata import application_with_sso, imported
from apps.saml import addresses
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import connector_fields, refill_sso, update_sso
from apps.saml.advice import advice_on
from apps.saml.name_id_choice import name_id_differs


@administrator_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = application_or_404(pk)
    if application.is_bookmark:
        return _bookmark(request, application)
    settings = settings_of(application)
    data = request.POST if request.method == "POST" else None
    form, rows = SsoForm.of(settings, data), attribute_rows(settings, data)
    if data is not None:
        tell_of_rows(form, rows)
    if form.is_valid():
        form.refuse_unconfirmed_change(settings)
    if form.is_valid():
        with refusals_on(form):
            values = form.values() | {"attributes": attribute_values(rows)}
            saved = update_sso(settings, actor=actor_of(request), **values)
            messages.success(request, form.saved_sentence(saved))
            return redirect("console:application_sso", application.pk)
    return _show(request, application, form=form, rows=rows)


def _show(request: HttpRequest, application: Application, **context: Any) -> HttpResponse:
    """The tab; `form` and `rows` are those to show again, else fresh ones."""
    settings = settings_of(application)
    certificates = certificates_of(application)
    form = context.pop("form", None) or SsoForm.of(settings)
    status = metadata_status(application)
    signer = status.source.signing_certificate if status else ""
    metadata_form = context.pop("metadata_form", None) or MetadataForm(
        initial={"signing_certificate": signer}
    )
    response = show_tab(
        request,
        "console/application_sso.html",
        application,
        {
            "sso": settings,
            "advice": advice_on(settings, status.source if status else None),
            "rows": attribute_rows(settings),
            "metadata_form": metadata_form,
            "metadata": status,
            "certificate": certificates[0],
            "certificates": certificates,
            "provider_certificates": provider_certificates(settings),
            "idp_sso_url": addresses.sso_url(application),
            "idp_slo_url": addresses.slo_url(application),
            "metadata_url": addresses.metadata_url(application),
            "certificate_url": addresses.certificate_url(application),
        }
        | context,
        form=form,
    )
    if metadata_form.errors:
        response.status_code = 422
    return response


def _bookmark(request: HttpRequest, application: Application) -> HttpResponse:
    form = BookmarkForm.of(application, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            update_application(application, actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("The bookmark was saved."))
            return redirect("console:application_sso", application.pk)
    return show_tab(request, "console/application_bookmark.html", application, {}, form=form)


@administrator_required
def service_provider_metadata(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Upload Metadata: a file, or the address we fetch it from."""
    application = application_with_sso(pk)
    if request.method != "POST":
        return back_to_form(request, "console:application_sso", pk)
    form = MetadataForm(request.POST, request.FILES)
    if form.is_valid() and (done := imported(request, application, form)):
        return done
    return _show(request, application, metadata_form=form)


@administrator_required
@require_POST
def defaults(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The connector's values once more, for instance after the group path was corrected."""
    application = application_with_sso(pk)
    saved = refill_sso(application, actor=actor_of(request))
    messages.success(request, _("The fields hold the connector's values again."))
    if name_id_differs(saved, connector_fields(application)):
        messages.warning(
            request,
            _(
                "All but the NameID: people sign in by the present one already. Change it below if that is meant."
            ),
        )
    return redirect("console:application_sso", application.pk)


@administrator_required
def deactivation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """ "Deactivate SSO" and "Deactivate Bookmark", at the bottom of their tab (seeds)."""
    application = application_or_404(pk)
    if request.method == "POST":
        deactivate_application(application, actor=actor_of(request))
        messages.success(request, _("%(name)s was deactivated.") % {"name": application})
        return redirect("console:application_sso", application.pk)
    bookmark = application.is_bookmark
    context = {
        "title": _("Deactivate Bookmark?") if bookmark else _("Deactivate SSO?"),
        "consequence": _(
            "%(name)s leaves the launcher at once. Its settings and user groups stay, and it can be activated again."
        )
        % {"name": application}
        if bookmark
        else _(
            "%(name)s leaves the launcher, and nobody can sign in to it from here any more. "
            "Accounts there stay active, and their owners can log in with the password they used prior to enablement of SSO. "
            "Its settings stay, and it can be activated again."
        )
        % {"name": application},
        "action": _("Deactivate Bookmark") if bookmark else _("Deactivate SSO"),
        "cancel_url": reverse("console:application_sso", args=[application.pk]),
        "breadcrumb_text": application.display_label,
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())


@administrator_required
@require_POST
def activation(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = application_or_404(pk)
    reactivate_application(application, actor=actor_of(request))
    messages.success(request, _("%(name)s was activated.") % {"name": application})
    return redirect("console:application_sso", application.pk)
