from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.applications.actions import assign_groups
from apps.applications.errors import BoundChanged
from apps.console.access_changes import access_change
from apps.console.access_explained import people_explained
from apps.console.application_page import application_or_404, show_tab
from apps.console.forms.applications import GroupsOfApplicationForm
from apps.console.pages import show
from apps.directory.models import Group, User

FOUND = 10  # people whose access is explained at once


@administrator_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All groups with a tick at those that may use the application; saving sets exactly the ticked ones, `preview` only says who
    would gain or lose it. `?who=` asks why somebody has it."""
    application = application_or_404(pk)
    since = dict(application.assignments.values_list("group_id", "created_at"))
    form = GroupsOfApplicationForm(request.POST if request.method == "POST" else None, bound=since)
    looked_at = "preview" in request.POST
    if form.is_valid() and not looked_at:
        seen = since.keys() if form.cleaned_data["seen"] else None
        try:
            assign_groups(application, form.cleaned_data["groups"], actor=actor_of(request), seen=seen)
        except BoundChanged:
            return index(request, pk)  # this time it is another than what was seen
        messages.success(request, _("User groups were saved."))
        return redirect("console:application_groups", application.pk)
    groups = Group.objects.annotate(member_count=Count("memberships")).order_by("name_key")
    wanted = form.ticked if form.is_bound else None
    ticked = since.keys() if wanted is None else {group.pk for group in wanted}
    rows = sorted(
        ((group, since.get(group.pk), group.pk in ticked) for group in groups), key=lambda row: row[1] is None
    )
    who = request.GET.get("who", "").replace("\x00", "").strip()
    asked = people_explained(application, User.objects.matching(who)[:FOUND]) if who else []
    context: dict[str, Any] = {
        "rows": rows,
        "bound": len(since),
        "seen": form.bound,
        "who": who,
        "asked": asked,
    }
    if wanted is not None:
        context["change"] = access_change(application, wanted)
    return show_tab(request, "console/application_groups.html", application, context, form=form)


@administrator_required
@require_safe
def consequence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who would gain and who would lose the application if the ticked groups were saved. A fragment; changes nothing."""
    application = application_or_404(pk)
    form = GroupsOfApplicationForm(request.GET)
    return show(
        request,
        "console/application_groups_consequence.html",
        {"application": application, "change": access_change(application, form.ticked)},
    )
