"""The application's metadata on the SSO tab: one of several chosen, refreshed, and what waits decided."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, administrator_required
from apps.applications.models import Application
from apps.console.application_page import application_or_404
from apps.console.forms.sso_metadata import ChoiceForm, DecisionForm, MetadataForm
from apps.console.pages import refusals_on, show
from apps.events.actors import Actor
from apps.saml.actions.metadata import (
    Received,
    add_upload,
    choices_in,
    choose,
    fetched_from,
    received_file,
    take_over,
)
from apps.saml.actions.metadata_refresh import accept_change, forget_source, refresh_now, reject_change
from apps.saml.errors import MetadataRefused, SeveralServiceProviders, SsoError
from apps.saml.metadata_document import LARGEST
from apps.saml.metadata_refresh import UPLOAD_LIFETIME, Outcome
from apps.saml.metadata_sources import source_of
from apps.saml.models import MetadataUpload


def application_with_sso(pk: UUID) -> Application:
    application = application_or_404(pk)
    if application.is_bookmark:
        raise Http404
    return application


def imported(request: HttpRequest, application: Application, form: MetadataForm) -> HttpResponse | None:
    """Where to go on; None where the form has to be shown again."""
    with refusals_on(form):
        received = _received(application, form)
        try:
            take_over(application, received, actor=actor_of(request))
        except SeveralServiceProviders:
            upload = add_upload(application, received)
            return redirect("console:application_sso_metadata_choice", application.pk, upload.pk)
        messages.success(request, _taken_over(application))
        return redirect("console:application_sso", application.pk)
    return None


def _received(application: Application, form: MetadataForm) -> Received:
    file = form.cleaned_data["metadata"]
    if file:
        return received_file(application, file.read(LARGEST + 1), signed_by=form.signed_by)
    return fetched_from(application, form.cleaned_data["url"], signed_by=form.signed_by)


def _taken_over(application: Application) -> str:
    """What changed, in a word; field by field it stands on the tab."""
    source = source_of(application)
    changed = [row["label"] for row in source.changes] if source else []
    if not changed:
        return _("The metadata was taken over. It says what stood here already.")
    return _("The metadata was taken over. Changed: %(fields)s.") % {"fields": ", ".join(changed)}


@administrator_required
def choice(request: HttpRequest, pk: UUID, upload_pk: UUID) -> HttpResponse:
    """A file with several service providers: which one is it?"""
    application = application_with_sso(pk)
    fresh = MetadataUpload.objects.select_related("application").filter(
        application=application, created_at__gt=timezone.now() - UPLOAD_LIFETIME
    )
    upload: MetadataUpload = get_object_or_404(fresh, pk=upload_pk)
    try:
        several = choices_in(upload)
    except MetadataRefused as refused:
        return _back(request, application, refused)
    form = ChoiceForm(request.POST if request.method == "POST" else None, several.choices)
    if form.is_valid():
        with refusals_on(form):
            choose(upload, form.cleaned_data["entity_id"], actor=actor_of(request))
            messages.success(request, _taken_over(application))
            return redirect("console:application_sso", application.pk)
    context = {
        "application": application,
        "choices": several.choices,
        "chosen": form.data.get("entity_id", ""),
    }
    return show(request, "console/sso_metadata_choice.html", context, form=form)


@administrator_required
@require_POST
def refresh(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = application_with_sso(pk)
    try:
        outcome = refresh_now(application, actor=actor_of(request))
    except MetadataRefused as refused:
        return _back(request, application, refused)
    sentences = {
        Outcome.UNCHANGED: _("The metadata was fetched. Nothing has changed."),
        Outcome.APPLIED: _("The metadata was fetched, and what has changed was taken over."),
        Outcome.WAITING: _("The metadata was fetched. What has changed waits for your decision."),
        Outcome.FAILED: _("The metadata could not be fetched. Everything stays as it was."),
    }
    level = messages.ERROR if outcome is Outcome.FAILED else messages.SUCCESS
    messages.add_message(request, level, sentences[outcome])
    return redirect("console:application_sso", application.pk)


@administrator_required
@require_POST
def acceptance(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _decision(request, pk, accept_change, _("The change was accepted: it counts from now on."))


@administrator_required
@require_POST
def rejection(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _decision(request, pk, reject_change, _("The change was rejected: everything stays as it was."))


def _decision(request: HttpRequest, pk: UUID, decide: Callable[..., Any], sentence: str) -> HttpResponse:
    application = application_with_sso(pk)
    form = DecisionForm(request.POST)
    digest = form.cleaned_data["digest"] if form.is_valid() else ""
    actor: Actor = actor_of(request)
    try:
        decide(application, digest, actor=actor)
    except SsoError as refused:
        return _back(request, application, refused)
    messages.success(request, sentence)
    return redirect("console:application_sso", application.pk)


@administrator_required
@require_POST
def removal(request: HttpRequest, pk: UUID) -> HttpResponse:
    application = application_with_sso(pk)
    forget_source(application, actor=actor_of(request))
    messages.success(request, _("The fields stay as they are and are no longer refreshed."))
    return redirect("console:application_sso", application.pk)


def _back(request: HttpRequest, application: Application, refused: SsoError) -> HttpResponse:
    for texts in refused.fields.values():
        for text in texts:
            messages.error(request, text)
    return redirect("console:application_sso", application.pk)
