"""What a SCIM target holds and was asked, and the switches of its other side."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.sandbox import actions
from apps.sandbox.access import person_required
from apps.sandbox.forms import FaultForm, NewForm, NewServiceProviderForm, NewTargetForm, TargetForm
from apps.sandbox.models import SandboxAccount, SandboxServiceProvider, SandboxTarget
from apps.sandbox.targets import KINDS

ROWS = 50


@person_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _index(request)


def _index(request: HttpRequest, **bound: NewForm) -> HttpResponse:
    """`bound` is the form that was refused, to be shown again."""
    context = {
        "service_providers": SandboxServiceProvider.objects.all(),
        "targets": SandboxTarget.objects.all(),
        "provider_form": NewServiceProviderForm(prefix="provider"),
        "target_form": NewTargetForm(prefix="target"),
    }
    return render(request, "sandbox/index.html", context | bound, status=422 if bound else 200)


@person_required
@require_POST
def new_service_provider(request: HttpRequest) -> HttpResponse:
    form = NewServiceProviderForm(request.POST, prefix="provider")
    if not form.is_valid():
        return _index(request, provider_form=form)
    made = actions.add_service_provider(**form.cleaned_data)
    return redirect("sandbox:sp", slug=made.slug)


@person_required
@require_POST
def new_target(request: HttpRequest) -> HttpResponse:
    """Answers with its token, which is shown this once."""
    form = NewTargetForm(request.POST, prefix="target")
    if not form.is_valid():
        return _index(request, target_form=form)
    made, token = actions.add_target(**form.cleaned_data)
    return _shown(request, made, "sandbox/token.html", {"token": token})


@person_required
@require_safe
def target(_request: HttpRequest, slug: str) -> HttpResponse:
    """The address that people remember; its accounts come first."""
    return redirect("sandbox:target_accounts", slug=_target(slug).slug)


@person_required
@require_safe
def accounts(request: HttpRequest, slug: str) -> HttpResponse:
    there = _target(slug)
    shown = _page(request, there.accounts.prefetch_related("teams"))
    rows = [(account, attributes_of(account)) for account in shown["page"]]
    return _shown(request, there, "sandbox/accounts.html", {**shown, "rows": rows})


@person_required
@require_safe
def teams(request: HttpRequest, slug: str) -> HttpResponse:
    there = _target(slug)
    shown = _page(request, there.teams.prefetch_related("members"))
    return _shown(request, there, "sandbox/teams.html", shown)


@person_required
@require_safe
def requests(request: HttpRequest, slug: str) -> HttpResponse:
    there = _target(slug)
    return _shown(request, there, "sandbox/requests.html", _page(request, there.requests.all()))


@person_required
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    there = _target(slug)
    form = TargetForm(request.POST or None, initial=_settings_of(there))
    if request.method == "POST" and form.is_valid():
        actions.update_target(there, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("sandbox:target_settings", slug=slug)
    context = {"form": form, "fault_form": FaultForm(initial=_fault_of(there))}
    return _shown(
        request, there, "sandbox/target_settings.html", context, status=422 if form.is_bound else 200
    )


@person_required
@require_POST
def fault(request: HttpRequest, slug: str) -> HttpResponse:
    there = _target(slug)
    form = FaultForm(request.POST)
    if form.is_valid():
        actions.set_fault(there, form.cleaned_data["fault"], form.cleaned_data["count"] or 1)
        messages.success(
            request, _("The next requests will meet it.") if there.fault else _("Faults are off.")
        )
        return redirect("sandbox:target_settings", slug=slug)
    context = {"form": TargetForm(initial=_settings_of(there)), "fault_form": form}
    return _shown(request, there, "sandbox/target_settings.html", context, status=422)


@person_required
@require_POST
def token(request: HttpRequest, slug: str) -> HttpResponse:
    """Shown by the page that answers the POST, and never again."""
    there = _target(slug)
    return _shown(request, there, "sandbox/token.html", {"token": actions.renew_token(there)})


def attributes_of(account: SandboxAccount) -> list[tuple[str, str]]:
    """The stored document, flat: SCIM's own paths and their values."""
    return list(_flat("", account.document))


def _flat(path: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        pairs = [(f"{path}.{name}" if path else name, inner) for name, inner in value.items()]
    elif isinstance(value, list):
        pairs = [(f"{path}[{number}]", inner) for number, inner in enumerate(value)]
    else:
        return [(path, str(value))]
    return [pair for name, inner in pairs for pair in _flat(name, inner)]


def _target(slug: str) -> SandboxTarget:
    found: SandboxTarget = get_object_or_404(SandboxTarget, slug=slug)
    return found


def _settings_of(there: SandboxTarget) -> dict[str, Any]:
    return {"group_links": there.group_links, "email_domains": there.email_domains}


def _fault_of(there: SandboxTarget) -> dict[str, Any]:
    return {"fault": there.fault if there.fault_count else "", "count": there.fault_count or 1}


def _page(request: HttpRequest, rows: Any) -> dict[str, Any]:
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    return {
        "page": page,
        "previous": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next": f"?page={page.next_page_number()}" if page.has_next() else "",
        "range": f"{page.start_index()}–{page.end_index()} / {page.paginator.count}",
    }


def _shown(
    request: HttpRequest, there: SandboxTarget, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    tabs = [
        {"url": reverse(f"sandbox:{name}", kwargs={"slug": there.slug}), "text": text, "count": count}
        for name, text, count in (
            ("target_accounts", _("Accounts"), there.accounts.count()),
            ("target_teams", _("Teams"), there.teams.count()),
            ("target_requests", _("Requests"), there.requests.count()),
            ("target_settings", _("Settings"), 0),
        )
    ]
    common = {"target": there, "kind": KINDS[there.kind], "tabs": tabs}
    return render(request, template, common | context, status=status)
