from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required
from apps.applications.actions import assign_group, remove_assignment
from apps.applications.models import Application, Assignment
from apps.console.access_changes import access_change
from apps.console.counting import counted
from apps.console.event_log import instead_of_page, log_page
from apps.console.forms.applications import ApplicationsOfGroupForm
from apps.console.forms.events import EventFilterForm
from apps.console.forms.people import ConfirmForm, GroupForm, MembersForm
from apps.console.pages import Tab, back_to_form, page_of, refusals_on, search_text, show
from apps.directory import actions
from apps.directory.models import Group, Membership, User
from apps.scim.queries import check_changeable, sources_of_groups, why_locked

FOUND = 20  # people offered at once; a narrower search finds the others


def _counted() -> Any:
    """QuerySet of groups with `member_count` and `application_count`."""
    return Group.objects.annotate(
        member_count=counted(Membership.objects.filter(group=OuterRef("pk"))),
        application_count=counted(Assignment.objects.filter(group=OuterRef("pk"))),
    )


def _group(pk: UUID) -> Any:
    return get_object_or_404(_counted(), pk=pk)


def _tabs(group: Any) -> list[Tab]:
    keys = [group.pk]
    return [
        Tab(reverse("console:group", args=keys), _("Details"), exact=True),
        Tab(reverse("console:group_members", args=keys), _("Users"), group.member_count),
        Tab(reverse("console:group_applications", args=keys), _("Applications"), group.application_count),
        Tab(reverse("console:group_events", args=keys), _("Timeline")),
    ]


def _show(request: HttpRequest, template: str, group: Any, **context: Any) -> HttpResponse:
    """`group` is a _group. `locked` says why name and members are not changed here; "" where they are."""
    managed_by = sources_of_groups([group]).get(group.pk, [])
    frame = {"group": group, "tabs": _tabs(group), "opens_something": group.application_count > 0}
    frame |= {"managed_by": managed_by, "locked": why_locked(managed_by)}
    return show(request, template, frame | context, form=context.get("form"))


@administrator_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    text = search_text(request)
    groups = _counted().filter(Q(name__icontains=text) | Q(description__icontains=text))
    page = page_of(groups.order_by("name_key"), request)
    managed = sources_of_groups(page.rows)
    for group in page.rows:
        group.managed_by = managed.get(group.pk, [])
    return show(request, "console/groups.html", {"page": page, "q": text})


@administrator_required
def new(request: HttpRequest) -> HttpResponse:
    form = GroupForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            group = actions.add_group(actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("%(name)s was added. Now add people to it.") % {"name": group})
            return redirect("console:group_members", group.pk)
    return show(request, "console/group_new.html", {}, form=form)


@administrator_required
def details(request: HttpRequest, pk: UUID) -> HttpResponse:
    group = _group(pk)
    form = GroupForm.of(group, request.POST if request.method == "POST" else None)
    if why_locked(sources_of_groups([group]).get(group.pk, [])):
        form.lock_name()
    if form.is_valid():
        with refusals_on(form):
            actions.update_group(group, actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("The group was saved."))
            return redirect("console:group", group.pk)
    return _show(request, "console/group.html", group, form=form)


@administrator_required
@require_safe
def events(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Its own changes, who came and left, and what applications were told of it."""
    group = _group(pk)
    form = EventFilterForm(request.GET, about=group)
    return instead_of_page(request, form) or _show(
        request, "console/group_events.html", group, **log_page(request, form)
    )


@administrator_required
def deletion(request: HttpRequest, pk: UUID) -> HttpResponse:
    group = _group(pk)
    if request.method == "POST":
        actions.remove_group(group, actor=actor_of(request))
        messages.success(request, _("%(name)s was deleted.") % {"name": group})
        return redirect("console:groups")
    context = {
        "title": _("Delete %(name)s?") % {"name": group},
        "consequence": _consequence(group) + _pushed_again(group),
        "action": _("Delete group"),
        "cancel_url": reverse("console:group", args=[group.pk]),
        "breadcrumb_text": group.name,
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())


def _consequence(group: Group) -> str:
    """The seeds' own sentences ("Group Deletion"), with this group's numbers."""
    labels = list(Application.objects.filter(groups=group).values_list("display_label", flat=True))
    count = group.memberships.count()
    members = ngettext("%(count)s person is in it.", "%(count)s people are in it.", count) % {"count": count}
    if not labels:
        return f"{members} " + _("It opens no application.")
    return f"{members} " + _(
        "It opens %(applications)s: its members lose these, and their accounts there are deactivated, unless another group "
        "of theirs gives the same application. Where the application's groups are managed from here, the group is deleted there."
    ) % {"applications": ", ".join(labels)}


def _pushed_again(group: Group) -> str:
    sources = ", ".join(source.name for source in sources_of_groups([group]).get(group.pk, []))
    if not sources:
        return ""
    return " " + _("%(sources)s manages it, and may create it again.") % {"sources": sources}


@administrator_required
def members(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The members, of whom `?q=` finds some; `?find=` offers people to add, POST adds the ticked ones."""
    group = _group(pk)
    form = MembersForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        users = list(form.cleaned_data["users"])
        with refusals_on(form):
            check_changeable(group)
            actions.add_members(group, users, actor=actor_of(request))
            text = ngettext("%(count)s person was added.", "%(count)s people were added.", len(users))
            messages.success(request, text % {"count": len(users)})
            return redirect("console:group_members", group.pk)
    return _show_members(request, group, form)


def _show_members(request: HttpRequest, group: Any, form: MembersForm) -> HttpResponse:
    find, text = request.GET.get("find", "").replace("\x00", "").strip(), search_text(request)
    others = User.objects.matching(find).exclude(user_groups=group)
    found = others[: FOUND + 1] if "find" in request.GET else []
    context = {
        "page": page_of(User.objects.matching(text).filter(user_groups=group), request),
        "q": text,
        "find": find,
        "found": found[:FOUND],
        "found_more": others.count() if len(found) > FOUND else 0,
        "form": form,
    }
    return _show(request, "console/group_members.html", group, **context)


@administrator_required
def member_removal(request: HttpRequest, pk: UUID) -> HttpResponse:
    group = _group(pk)
    if request.method != "POST":
        return back_to_form(request, "console:group_members", pk)
    form = MembersForm(request.POST)
    if form.is_valid():
        users = list(form.cleaned_data["users"])
        with refusals_on(form):
            check_changeable(group)
            actions.remove_members(group, users, actor=actor_of(request))
            text = ngettext("%(count)s person was removed.", "%(count)s people were removed.", len(users))
            messages.success(request, text % {"count": len(users)})
            return redirect("console:group_members", group.pk)
    return _show_members(request, group, form)


@administrator_required
def applications(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the group opens. `?application=` says who would gain another one and asks; POST binds it."""
    group = _group(pk)
    asked = request.POST if request.method == "POST" else request.GET
    form = ApplicationsOfGroupForm(group, asked if "application" in asked or asked is request.POST else None)
    if form.is_valid():
        application = form.cleaned_data["application"]
        if request.method != "POST":
            return _ask_to_bind(request, group, application)
        with refusals_on(form):
            assign_group(application, group, actor=actor_of(request))
            words = _("%(group)s now opens %(application)s.")
            messages.success(request, words % {"group": group, "application": application})
            return redirect("console:group_applications", group.pk)
    bound = (
        group.assignments.select_related("application")
        .defer("application__logo")
        .order_by("application__display_label")
    )
    return _show(request, "console/group_applications.html", group, assignments=bound, form=form)


def _ask_to_bind(request: HttpRequest, group: Group, application: Application) -> HttpResponse:
    wanted = [*Group.objects.filter(applications=application), group]
    names = {"group": group, "application": application}
    context = {
        "title": _("Give %(group)s access to %(application)s?") % names,
        "consequence": access_change(application, wanted).sentences,
        "action": _("Give access"),
        "kind": "primary",
        "hidden": [{"name": "application", "value": application.pk}],
        "post_url": reverse("console:group_applications", args=[group.pk]),
        "cancel_url": reverse("console:group_applications", args=[group.pk]),
        "breadcrumb_text": group.name,
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())


@administrator_required
def application_removal(request: HttpRequest, pk: UUID, application_pk: UUID) -> HttpResponse:
    group = _group(pk)
    application = get_object_or_404(Application.objects, pk=application_pk)
    names = {"group": group, "application": application}
    if request.method == "POST":
        remove_assignment(application, group, actor=actor_of(request))
        messages.success(request, _("%(group)s no longer opens %(application)s.") % names)
        return redirect("console:group_applications", group.pk)
    wanted = Group.objects.filter(applications=application).exclude(pk=group.pk)
    context = {
        "title": _("Take %(application)s from %(group)s?") % names,
        "consequence": access_change(application, list(wanted)).sentences,
        "action": _("Take away"),
        "cancel_url": reverse("console:group_applications", args=[group.pk]),
        "breadcrumb_text": group.name,
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())
