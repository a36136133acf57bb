"""Identity sources: the list, and the set-up of each."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.recent import recent_authentication_required, recent_authentication_to_write
from apps.console.forms.people import ConfirmForm
from apps.console.forms.tokens import NewSourceForm, SourceSettingsForm, TokenForm
from apps.console.mapped_attributes import mapped_attributes
from apps.console.pages import refusals_on, show
from apps.console.source_page import show_source, source_or_404, sources_for_pages, state_of, tokens_of
from apps.scim.actions.sources import (
    MOST_LIVE_TOKENS,
    add_scim_token,
    add_token,
    remove_source,
    revoke_scim_token,
    update_source,
)
from apps.scim.guides import TOKEN, guide_for
from apps.scim.models import ScimToken, Source
from apps.tenants.addresses import tenant_url


@administrator_required
@recent_authentication_to_write
def index(request: HttpRequest) -> HttpResponse:
    """The answer to POST is the new source's page with the secret, this once: no redirect, because nobody could show it after one."""
    form = NewSourceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            values = {name: form.cleaned_data[name] for name in ("name", "kind")}
            if Source.objects.filter(name_key=Source.key_of(values["name"])).exists():
                form.add_error("name", _("This is already taken."))
            else:
                token, secret = add_scim_token(actor=actor_of(request), expires_at=form.expiry(), **values)
                return _set_up(request, token.source, TokenForm(), secret)
    states = [state_of(source) for source in sources_for_pages()]
    context = {"states": states, "waits": any(state.waits for state in states)}
    return show(request, "console/sources.html", context, form=form)


@administrator_required
@recent_authentication_to_write
def source(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Set-up; POST makes one more token and shows it, this once."""
    found = source_or_404(pk)
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret = ""
    if form.is_valid():
        with refusals_on(form):
            _token, secret = add_token(found, actor=actor_of(request), expires_at=form.expiry())
    return _set_up(request, found, form, secret)


def _set_up(request: HttpRequest, found: Source, form: TokenForm, secret: str) -> HttpResponse:
    # Without the slash: identity providers join it to "/Users".
    base_url = tenant_url(request.tenant, "scim:root").rstrip("/")  # type: ignore[attr-defined]
    tokens = tokens_of(found)
    live = sum(token.is_live for token in tokens)
    guide = guide_for(found.kind, base_url=base_url)
    context: dict[str, Any] = {
        "base_url": base_url,
        "tokens": tokens,
        "live_tokens": live,
        "may_add": live < MOST_LIVE_TOKENS,
        "secret": secret,
        "guide": guide,
        "token_mark": TOKEN,
    }
    return show_source(request, "console/source.html", found, context, form=form)


@administrator_required
@recent_authentication_required
def revocation(request: HttpRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(ScimToken.objects.select_related("source"), pk=pk)
    back = reverse("console:source", args=[token.source_id])
    if request.method == "POST":
        revoke_scim_token(token, actor=actor_of(request))
        messages.success(request, _("%(name)s was revoked.") % {"name": token})
        return redirect(back)
    context = {
        "title": _("Revoke %(name)s?") % {"name": token},
        "consequence": _(
            "From its next request on, whoever brings this token is refused. The people of this source stay as they are, "
            "and nobody updates them until another token of it is used."
        ),
        "action": _("Revoke token"),
        "cancel_url": back,
        "breadcrumb_text": str(token.source),
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())


@administrator_required
@require_safe
def mapping(request: HttpRequest, pk: UUID) -> HttpResponse:
    return show_source(
        request, "console/source_mapping.html", source_or_404(pk), {"attributes": mapped_attributes()}
    )


@administrator_required
def settings(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = source_or_404(pk)
    form = SourceSettingsForm.of(found, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            update_source(found, actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("The settings were saved."))
            return redirect("console:source_settings", pk)
    return show_source(request, "console/source_settings.html", found, {}, form=form)


@administrator_required
@recent_authentication_required
def removal(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = source_or_404(pk)
    if request.method == "POST":
        remove_source(found, actor=actor_of(request))
        messages.success(request, _("%(name)s was removed.") % {"name": found})
        return redirect("console:sources")
    context = {
        "title": _("Remove %(name)s?") % {"name": found},
        "consequence": _(
            "Its tokens are refused from the next request on. Its people and groups stay as they are, are nobody's from then on, "
            "and can be changed here alone; a new source has to have them linked."
        ),
        "action": _("Remove source"),
        "cancel_url": reverse("console:source_settings", args=[pk]),
        "breadcrumb_text": str(found),
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())
