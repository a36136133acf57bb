"""Whose people they are: those of a source, and those who wait to be linked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, Subquery, TextField, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required, role_of
from apps.accounts.recent import recent_authentication_required
from apps.console.pages import page_of, search_text, show
from apps.console.source_page import show_source, source_or_404
from apps.directory.errors import DirectoryError
from apps.directory.models import User
from apps.saml.models import SsoSettings
from apps.saml.name_id_values import name_id_expression
from apps.scim.actions.links import accept_link, reject_link, unlink_person
from apps.scim.models import ExternalIdentity, PendingLink, Source


@administrator_required
@require_safe
def people(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`?application=` chooses whose NameID stands beside the externalId: at many applications both have to be the same."""
    source = source_or_404(pk)
    applications = list(
        SsoSettings.objects.select_related("application").order_by("application__display_label")
    )
    chosen = _chosen(request, applications)
    name_id = name_id_expression(chosen) if chosen else Value("", output_field=TextField())
    text = search_text(request)
    own = ExternalIdentity.objects.filter(source=source, user=OuterRef("pk"))
    rows = (
        User.objects.filter(_of(source, text))
        .annotate(name_id=name_id)
        .annotate(**{f"sent_{name}": Subquery(own.values(name)) for name in SENT})
        .order_by("username_key")
    )
    page = page_of(rows, request)
    for person in page.rows:
        person.differs = bool(chosen and person.name_id) and person.name_id != person.sent_external_id
    waiting = PendingLink.objects.select_related("user__administrator").filter(
        source=source, rejected_at=None
    )[:50]
    context = {
        "page": page,
        "differs": any(person.differs for person in page.rows),
        "q": text,
        "applications": [settings.application for settings in applications],
        "chosen": chosen.application if chosen else None,
        "waiting": [(each, role_of(each.user) is None) for each in waiting],
    }
    return show_source(request, "console/source_people.html", source, context)


def _of(source: Source, text: str) -> Any:
    """By what the source calls people as well as by what they are called here."""
    own = ExternalIdentity.objects.filter(source=source)
    if not text:
        # Asked of each person in order: a page reads no more of them than it shows.
        return Exists(own.filter(user=OuterRef("pk")))
    sent = Q(external_id__icontains=text) | Q(user_name__icontains=text)
    found = own.filter(sent | Q(user__in=User.objects.matching(text).order_by().values("pk")))
    return Q(pk__in=found.values("user"))


SENT = ("id", "external_id", "user_name", "created_person", "deleted_at")


def _chosen(request: HttpRequest, applications: list[Any]) -> Any:
    wanted = request.GET.get("application", "")
    fitting = [each for each in applications if str(each.application_id) == wanted]
    return (fitting or applications or [None])[0]


@administrator_required
@recent_authentication_required
def link(request: HttpRequest, pk: UUID) -> HttpResponse:
    waiting = get_object_or_404(PendingLink.objects.select_related("source", "user"), pk=pk)
    back = reverse("console:source_people", args=[waiting.source_id])
    if request.method == "POST":
        try:
            accept_link(waiting, actor=actor_of(request))
        except DirectoryError as error:
            messages.error(request, " ".join(text for texts in error.fields.values() for text in texts))
        else:
            text = _("%(name)s is linked: the next attempt of %(source)s finds them.")
            messages.success(request, text % {"name": waiting.user, "source": waiting.source})
        return redirect(back)
    context = {
        "title": _("Link %(name)s to %(source)s?") % {"name": waiting.user, "source": waiting.source},
        "consequence": _(
            "From then on %(source)s may change %(name)s: profile, groups of its own, and whether they may sign in at all. "
            "Their username, e-mail address, password and role stay yours."
        )
        % {"name": waiting.user, "source": waiting.source},
        "action": _("Link"),
        "kind": "primary",
        "cancel_url": back,
        "breadcrumb_text": str(waiting.source),
    }
    return show(request, "console/confirm.html", context)


@administrator_required
@recent_authentication_required
def unlinking(request: HttpRequest, pk: UUID) -> HttpResponse:
    identity: ExternalIdentity = get_object_or_404(
        ExternalIdentity.objects.select_related("source", "user"), pk=pk
    )
    back = reverse("console:source_people", args=[identity.source_id])
    names = {"name": identity.user, "source": identity.source}
    if request.method == "POST":
        unlink_person(identity, actor=actor_of(request))
        messages.success(request, _("%(name)s is unlinked from %(source)s.") % names)
        return redirect(back)
    context = {
        "title": _("Unlink %(name)s from %(source)s?") % names,
        "consequence": _consequence(identity) % names,
        "action": _("Unlink"),
        "cancel_url": back,
        "breadcrumb_text": str(identity.source),
    }
    return show(request, "console/confirm.html", context)


def _consequence(identity: ExternalIdentity) -> str:
    parts = [
        _(
            "%(name)s stays as they are, with their groups and applications, and %(source)s may not change them any more: when they leave there, "
            "they are deactivated here by an administrator alone."
        ),
        _("Nor are they deleted thirty days after %(source)s deleted them.") if identity.deleted_at else "",
        _(
            "%(source)s may still read them; if it tries to change them, or to create somebody with their address, it is refused "
            "(409 “Email exists”), and they wait here to be linked again."
        ),
    ]
    return " ".join(part for part in parts if part)


@administrator_required
@require_POST
def link_rejection(request: HttpRequest, pk: UUID) -> HttpResponse:
    waiting = get_object_or_404(PendingLink.objects, pk=pk)
    reject_link(waiting, actor=actor_of(request))
    messages.success(request, _("%(name)s stays as they are.") % {"name": waiting.user})
    return redirect("console:source_people", waiting.source_id)
