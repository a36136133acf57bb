"""Whose groups they are: those of a source, those that wait to be linked, and those that could be."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.accounts.recent import recent_authentication_required
from apps.applications.models import Application
from apps.console.pages import page_of, search_text, show
from apps.console.source_page import show_source, source_or_404
from apps.directory.models import Group
from apps.scim.actions.group_links import link_group, reject_group_link, unlink_group
from apps.scim.models import ExternalGroup, PendingGroupLink, Source

FOUND = 20  # groups offered at once; a narrower search finds the others


@administrator_required
@require_safe
def groups(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`?q=` looks among its own, `?find=` offers others to link."""
    source = source_or_404(pk)
    text = search_text(request)
    rows = ExternalGroup.objects.filter(source=source, group__name__icontains=text).select_related("group")
    page = page_of(rows.order_by("group__name_key"), request)
    sizes = _sizes(row.group_id for row in page.rows)
    for row in page.rows:
        row.size = sizes[row.group_id]
    waiting = PendingGroupLink.objects.select_related("group").filter(source=source, rejected_at=None)
    context = {
        "page": page,
        "q": text,
        "waiting": list(waiting[:50]),
        **_offered(request, source),
    }
    return show_source(request, "console/source_groups.html", source, context)


def _sizes(keys: Any) -> dict[Any, int]:
    rows = Group.objects.filter(pk__in=list(keys)).order_by()
    return dict(rows.values_list("pk").annotate(Count("memberships")))


def _offered(request: HttpRequest, source: Source) -> dict[str, Any]:
    if "find" not in request.GET:
        return {"find": "", "found": []}
    find = request.GET["find"].replace("\x00", "").strip()
    others = Group.objects.filter(name__icontains=find).exclude(external_groups__source=source)
    found = others.annotate(size=Count("memberships")).order_by("name_key")[:FOUND]
    return {"find": find, "found": list(found), "searched": True}


@administrator_required
@recent_authentication_required
def link(request: HttpRequest, pk: UUID, group_pk: UUID) -> HttpResponse:
    """The group is given to the source, once it is said what that means."""
    source = source_or_404(pk)
    group: Group = get_object_or_404(Group.objects, pk=group_pk)
    back = reverse("console:source_groups", args=[pk])
    if request.method == "POST":
        link_group(group, source=source, actor=actor_of(request))
        text = _("%(group)s is linked: %(source)s may change it from now on.")
        messages.success(request, text % {"group": group, "source": source})
        return redirect(back)
    context = {
        "title": _("Link %(group)s to %(source)s?") % {"group": group, "source": source},
        "consequence": _consequence(group, source),
        "action": _("Link"),
        "kind": "primary",
        "cancel_url": back,
        "breadcrumb_text": str(source),
    }
    return show(request, "console/confirm.html", context)


def _consequence(group: Group, source: Source) -> str:
    count = group.memberships.count()
    members = ngettext(
        "The %(count)s person in it stays until %(source)s says otherwise.",
        "The %(count)s people in it stay until %(source)s says otherwise.",
        count,
    )
    labels = list(Application.objects.filter(groups=group).values_list("display_label", flat=True))
    parts = [
        _(
            "From then on %(source)s may rename %(group)s, decide who is in it, and delete it; here its name and its members "
            "cannot be changed any more. Its description and its applications stay yours."
        ),
        members if count else "",
        _("Whoever %(source)s adds gains %(applications)s.") if labels else "",
    ]
    values = {"source": source, "group": group, "count": count, "applications": ", ".join(labels)}
    return " ".join(part % values for part in parts if part)


@administrator_required
@recent_authentication_required
def unlinking(request: HttpRequest, pk: UUID) -> HttpResponse:
    owned: ExternalGroup = get_object_or_404(ExternalGroup.objects.select_related("source", "group"), pk=pk)
    back = reverse("console:source_groups", args=[owned.source_id])
    names = {"group": owned.group, "source": owned.source}
    if request.method == "POST":
        unlink_group(owned, actor=actor_of(request))
        messages.success(request, _("%(group)s is unlinked from %(source)s.") % names)
        return redirect(back)
    context = {
        "title": _("Unlink %(group)s from %(source)s?") % names,
        "consequence": _(
            "The group stays, with whoever is in it and what it opens, and its name and members are changed here from then on. "
            "%(source)s may still read it; if it tries to change it, it is refused, and the group waits here to be linked again."
        )
        % names,
        "action": _("Unlink"),
        "cancel_url": back,
        "breadcrumb_text": str(owned.source),
    }
    return show(request, "console/confirm.html", context)


@administrator_required
@require_POST
def rejection(request: HttpRequest, pk: UUID) -> HttpResponse:
    waiting: PendingGroupLink = get_object_or_404(PendingGroupLink.objects, pk=pk)
    reject_group_link(waiting, actor=actor_of(request))
    messages.success(request, _("%(name)s stays as it is.") % {"name": waiting.group})
    return redirect("console:source_groups", waiting.source_id)
