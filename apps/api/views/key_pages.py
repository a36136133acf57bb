"""API keys as a page of the console."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access import actor_of, administrator_required, may_write
from apps.accounts.models import Administrator
from apps.accounts.recent import recent_authentication_required, recent_authentication_to_write
from apps.api.actions import add_api_key, revoke_api_key
from apps.api.forms import KeyForm
from apps.api.models import ApiKey
from apps.directory.errors import DirectoryError
from apps.tenants.addresses import tenant_url


@administrator_required
@recent_authentication_to_write
def index(request: HttpRequest) -> HttpResponse:
    """The answer to POST shows the secret, this once: there is no redirect, because nobody could show it after one."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    secret = ""
    if form.is_valid():
        owner = Administrator.objects.get(user=request.user)
        try:
            _key, secret = add_api_key(actor=actor_of(request), owner=owner, name=form.cleaned_data["name"])
        except DirectoryError as error:
            for field, texts in error.fields.items():
                form.add_error(field if field in form.fields else None, texts)  # type: ignore[arg-type]
    context = {
        "form": form,
        "secret": secret,
        "keys": ApiKey.objects.select_related("owner__user"),
        "base_url": tenant_url(request.tenant, "api:root"),  # type: ignore[attr-defined]
        "may_write": may_write(request),
    }
    return render(request, "console/api_keys.html", context, status=422 if form.errors else 200)


@administrator_required
@recent_authentication_required
def revocation(request: HttpRequest, pk: UUID) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects, pk=pk)
    if request.method == "POST":
        revoke_api_key(key, actor=actor_of(request))
        messages.success(request, _("%(name)s was revoked.") % {"name": key})
        return redirect("api_pages:keys")
    context = {
        "title": _("Revoke %(name)s?") % {"name": key},
        "consequence": _(
            "From its next request on, whatever uses this key is refused. This cannot be undone."
        ),
        "action": _("Revoke key"),
        "cancel_url": reverse("api_pages:keys"),
        "breadcrumb_text": _("API keys"),
    }
    return render(request, "console/confirm.html", context)
