from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.recent import recent_authentication_required, recent_authentication_to_write
from apps.console.forms.people import ConfirmForm
from apps.console.forms.tokens import TokenForm
from apps.console.pages import refusals_on, show
from apps.scim.actions.sources import add_scim_token, revoke_scim_token
from apps.scim.models import ScimToken
from apps.tenants.addresses import tenant_url


@administrator_required
@recent_authentication_to_write
def index(request: HttpRequest) -> HttpResponse:
    """The answer to POST shows the secret, this once: there is no redirect, because nobody could show it after one."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    secret = ""
    if form.is_valid():
        with refusals_on(form):
            _token, secret = add_scim_token(
                actor=actor_of(request), name=form.cleaned_data["name"], expires_at=form.expiry()
            )
    tokens = list(
        ScimToken.objects.select_related("source")
        .annotate(people=Count("source__identities"))
        .order_by("-created_at")
    )
    context = {
        "base_url": tenant_url(request.tenant, "scim:root"),  # type: ignore[attr-defined]
        "tokens": tokens,
        "waiting": any(token.is_live and token.last_used_at is None for token in tokens),
        "secret": secret,
    }
    return show(request, "console/scim_tokens.html", context, form=form)


@administrator_required
@recent_authentication_required
def revocation(request: HttpRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(ScimToken.objects, pk=pk)
    if request.method == "POST":
        revoke_scim_token(token, actor=actor_of(request))
        messages.success(request, _("%(name)s was revoked.") % {"name": token})
        return redirect("console:scim_tokens")
    context = {
        "title": _("Revoke %(name)s?") % {"name": token},
        "consequence": _(
            "From its next request on, whoever brings this token is refused. The people it sent stay as they are, "
            "and nobody updates them until another token takes them over."
        ),
        "action": _("Revoke token"),
        "cancel_url": reverse("console:scim_tokens"),
        "breadcrumb_text": _("Inbound SCIM"),
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())
