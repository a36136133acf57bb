"""An application's certificates: from new over next and active to retired."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.recent import recent_authentication_required
from apps.applications.models import Application
from apps.console.application_page import application_or_404, show_tab
from apps.console.forms.certificates import NewCertificateForm, UploadForm
from apps.console.forms.people import ConfirmForm
from apps.console.pages import back_to_form, refusals_on, show
from apps.saml import addresses
from apps.saml.actions.key_pairs import (
    add_certificate,
    certificates_of,
    promote_certificate,
    retire_certificate,
    upload_certificate,
    was_used,
)
from apps.saml.errors import CertificateRefused
from apps.saml.models import KeyPair


def _application(pk: UUID) -> Application:
    application = application_or_404(pk)
    if application.is_bookmark:
        raise Http404
    return application


def _key_pair(pk: UUID, certificate_pk: UUID) -> KeyPair:
    pairs = KeyPair.objects.select_related("application").filter(application_id=pk)
    key_pair: KeyPair = get_object_or_404(pairs, pk=certificate_pk)
    return key_pair


@administrator_required
@recent_authentication_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new pair, generated here; an empty POST gets the usual one."""
    application = _application(pk)
    form = NewCertificateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            pair = add_certificate(application, actor=actor_of(request), wanted=form.wanted())
            return _published(request, pair)
    if form.is_bound and "common_name" not in request.POST:  # a button elsewhere, without the form
        messages.error(request, " ".join(map(str, form.non_field_errors())))
        return redirect("console:application_sso", application.pk)
    return _page(request, application, form=form)


@administrator_required
@recent_authentication_required
@sensitive_post_parameters("upload-passphrase")
@sensitive_variables("form")
def upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = _application(pk)
    if request.method != "POST":
        return back_to_form(request, "console:application_certificates", pk)
    form = UploadForm.of(request.POST, request.FILES, used=was_used(application))
    if form.is_valid():
        with refusals_on(form):
            pair = upload_certificate(application, actor=actor_of(request), **form.values())
            return _published(request, pair)
    return _page(request, application, upload_form=form)


def _published(request: HttpRequest, pair: KeyPair) -> HttpResponse:
    text = (
        _("Responses are signed with the uploaded certificate now. Give it to the application.")
        if pair.state == KeyPair.State.ACTIVE
        else _("A new certificate is published. Give it to the application, then promote it.")
    )
    messages.success(request, text)
    return redirect("console:application_certificate", pair.application_id, pair.pk)


def _page(
    request: HttpRequest,
    application: Application,
    *,
    form: NewCertificateForm | None = None,
    upload_form: UploadForm | None = None,
) -> HttpResponse:
    pairs = certificates_of(application)
    context: dict[str, Any] = {
        "generate_form": form or NewCertificateForm(),
        "upload_form": upload_form or UploadForm.of(used=was_used(application)),
        "following": next((pair for pair in pairs if pair.state == KeyPair.State.NEXT), None),
    }
    return show_tab(
        request, "console/certificate_new.html", application, context, form=upload_form or form or None
    )


@administrator_required
@require_safe
def certificate(request: HttpRequest, pk: UUID, certificate_pk: UUID) -> HttpResponse:
    """What the other side may want of it: the PEM, the fingerprints and how to check them."""
    application = _application(pk)
    pair = _key_pair(pk, certificate_pk)
    if "download" in request.GET:
        response = HttpResponse(pair.certificate, content_type="application/x-pem-file")
        response["Content-Disposition"] = 'attachment; filename="certificate.pem"'
        return response
    context = {"pair": pair, "metadata_url": addresses.metadata_url(application)}
    return show_tab(request, "console/certificate.html", application, context)


@administrator_required
@recent_authentication_required
def promotion(request: HttpRequest, pk: UUID, certificate_pk: UUID) -> HttpResponse:
    pair = _key_pair(pk, certificate_pk)
    if pair.state == KeyPair.State.RETIRING:
        title, verb = _("Make this certificate active again?"), _("Make active again")
        sentence = _(
            "Responses are signed with this certificate again from now on: the way back when the application refuses "
            "the new one, which stays published."
        )
    else:
        title, verb = _("Promote this certificate?"), _("Promote")
        sentence = _(
            "Responses are signed with this certificate from now on; the present one stays published as retiring. "
            "An application that was not given the new certificate refuses every sign-in, until you make the old one "
            "active again."
        )
    if pair.not_after <= timezone.now():
        sentence += " " + _("It has expired, which some applications refuse.")
    return _act(request, pair, promote_certificate, title, sentence, verb)


@administrator_required
@recent_authentication_required
def retirement(request: HttpRequest, pk: UUID, certificate_pk: UUID) -> HttpResponse:
    pair = _key_pair(pk, certificate_pk)
    sentence = _("It leaves the metadata, and its private key is destroyed. This cannot be undone.")
    return _act(request, pair, retire_certificate, _("Retire this certificate?"), sentence, _("Retire"))


def _act(request: HttpRequest, pair: KeyPair, act: Any, title: str, sentence: str, verb: str) -> HttpResponse:
    if request.method == "POST":
        try:
            act(pair, actor=actor_of(request))
        except CertificateRefused as error:
            messages.error(request, " ".join(error.fields["certificate"]))
        else:
            messages.success(request, _("The certificates were changed."))
        return redirect("console:application_sso", pair.application_id)
    context = {
        "title": title,
        "consequence": f"{pair.fingerprint_sha256[:23]}… {sentence}",
        "action": verb,
        "cancel_url": reverse("console:application_sso", args=[pair.application_id]),
        "breadcrumb_text": str(pair.application),
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())
