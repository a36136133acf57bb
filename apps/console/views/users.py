from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from apps.accounts.access import actor_of, any_role_required, help_desk_required
from apps.accounts.authenticators import remove_second_factors
from apps.accounts.models import LinkPurpose
from apps.accounts.one_time_links import invite, send_password_link
from apps.accounts.recent import recent_authentication_required
from apps.console.forms.people import ConfirmForm, GroupsOfUserForm, NewUserForm, PasswordForm, ProfileForm
from apps.console.pages import refusals_on, show
from apps.console.people_consequences import deactivation_of
from apps.console.user_page import changeable_or_403, person_of_page, show_person
from apps.directory import actions
from apps.directory.errors import DirectoryError
from apps.directory.models import Group, User
from apps.scim.queries import check_changeable, sources_of_groups


@sensitive_post_parameters("password")
@help_desk_required
def new(request: HttpRequest) -> HttpResponse:
    form = NewUserForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            values = form.cleaned_data
            password, invited = values.pop("password") or None, values.pop("invite")
            with transaction.atomic():
                user = actions.add_user(actor=actor_of(request), password=password, **values)
                if invited and password is None:
                    invite(user, actor=actor_of(request))
            messages.success(request, _added(user, invited=invited and password is None))
            return redirect("console:user", user.pk)
    return show(request, "console/user_new.html", {}, form=form)


def _added(user: User, *, invited: bool) -> str:
    if invited:
        return _("%(name)s was added, and gets a mail with a link to set a password.") % {"name": user}
    return _("%(name)s was added.") % {"name": user}


@help_desk_required
def profile(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = changeable_or_403(request, pk)
    form = ProfileForm.of(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            user = actions.update_user(user, actor=actor_of(request), **form.cleaned_data)
            messages.success(request, _("The profile was saved."))
            return redirect("console:user", user.pk)
    return show_person(request, "console/user.html", user, form=form)


@sensitive_post_parameters("password")
@help_desk_required
@recent_authentication_required
def password(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = changeable_or_403(request, pk)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            actions.set_password(user, form.cleaned_data["password"], actor=actor_of(request))
            messages.success(
                request,
                _("The password of %(name)s was set, and their sessions have ended.") % {"name": user},
            )
            return redirect("console:user", user.pk)
    context = {
        "title": _("Set a password for %(name)s") % {"name": user},
        "action": _("Set password"),
        "kind": "primary",
        "cancel_url": reverse("console:user", args=[user.pk]),
        "breadcrumb_text": str(user),
    }
    return show(request, "console/confirm.html", context, form=form)


@help_desk_required
@recent_authentication_required
@require_POST
def password_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An invitation for whoever has no password yet, a reset for everybody else."""
    user = changeable_or_403(request, pk)
    try:
        purpose = send_password_link(user, actor=actor_of(request))
    except DirectoryError as error:
        messages.error(request, str(error))
    else:
        text = (
            _("An invitation is on its way to %(address)s. Its link is good for seven days.")
            if purpose == LinkPurpose.INVITATION
            else _("A link to set a new password is on its way to %(address)s. It is good for an hour.")
        )
        messages.success(request, text % {"address": user.email})
    return redirect("console:user", user.pk)


@help_desk_required
@recent_authentication_required
def second_factor(request: HttpRequest, pk: UUID) -> HttpResponse:
    """For whoever lost their phone and their recovery codes."""
    user = changeable_or_403(request, pk)
    if request.method == "POST":
        if remove_second_factors(user, actor=actor_of(request)):
            messages.success(request, _("The second factor of %(name)s was reset.") % {"name": user})
        return redirect("console:user", user.pk)
    context = {
        "title": _("Reset the second factor of %(name)s?") % {"name": user},
        "consequence": _(
            "Make sure that it is them who ask. From the next sign-in on their password is enough; where a second factor is required, "
            "they set up a new one first. They are told by mail."
        ),
        "action": _("Reset"),
        "cancel_url": reverse("console:user", args=[user.pk]),
        "breadcrumb_text": str(user),
    }
    return show(request, "console/confirm.html", context, form=ConfirmForm())


@help_desk_required
def deactivation(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = changeable_or_403(request, pk)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            actions.deactivate_user(user, actor=actor_of(request))
            messages.success(request, _("%(name)s was deactivated.") % {"name": user})
            return redirect("console:user", user.pk)
    context = {
        "title": _("Deactivate %(name)s?") % {"name": user},
        "consequence": deactivation_of(user),
        "action": _("Deactivate"),
        "cancel_url": reverse("console:user", args=[user.pk]),
        "breadcrumb_text": str(user),
    }
    return show(request, "console/confirm.html", context, form=form)


@help_desk_required
@require_POST
def activation(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = changeable_or_403(request, pk)
    actions.reactivate_user(user, actor=actor_of(request))
    messages.success(request, _("%(name)s was reactivated.") % {"name": user})
    return redirect("console:user", user.pk)


@any_role_required
def groups(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = person_of_page(pk)
    form = GroupsOfUserForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with refusals_on(form):
            actions.add_member(form.cleaned_data["group"], user, actor=actor_of(request))
            messages.success(request, _("Added to %(group)s.") % {"group": form.cleaned_data["group"]})
            return redirect("console:user_groups", user.pk)
    mine = list(
        Group.objects.filter(members=user)
        .annotate(application_count=Count("assignments"))
        .order_by("name_key")
    )
    managed = sources_of_groups(mine)
    for group in mine:
        group.managed_by = managed.get(group.pk, [])
    return show_person(request, "console/user_groups.html", user, groups=mine, form=form)


@any_role_required
@require_POST
def group_removal(request: HttpRequest, pk: UUID, group_pk: UUID) -> HttpResponse:
    user = get_object_or_404(User.objects, pk=pk)
    group = get_object_or_404(Group.objects, pk=group_pk)
    try:
        check_changeable(group)
    except DirectoryError as error:
        messages.error(request, " ".join(text for texts in error.fields.values() for text in texts))
        return redirect("console:user_groups", user.pk)
    actions.remove_member(group, user, actor=actor_of(request))
    messages.success(request, _("Removed from %(group)s.") % {"group": group})
    return redirect("console:user_groups", user.pk)
