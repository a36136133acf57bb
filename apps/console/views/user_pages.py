"""A person's page beyond the profile: what they may open and why, what happened, and how they sign in."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import portal_sessions
from apps.accounts.access import actor_of, any_role_required, help_desk_required
from apps.accounts.actions import unlock
from apps.accounts.models import PortalSession
from apps.accounts.second_factors import passkeys_of, second_factor_required
from apps.console.access_explained import applications_explained
from apps.console.chips import account_chip
from apps.console.event_log import instead_of_page, log_page
from apps.console.forms.events import EventFilterForm
from apps.console.pages import page_of, search_text
from apps.console.user_page import authenticator_on, changeable_or_403, person_of_page, show_person
from apps.lib.devices import device
from apps.provisioning.queries import states_of


@any_role_required
@require_safe
def applications(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the person's groups open, and everything else with the reason why not."""
    user = person_of_page(pk)
    answers, text = applications_explained(user), search_text(request)
    accounts = {
        state.integration.application_id: (account_chip(state), state.job) for state in states_of(user)
    }
    rows = [(answer, *accounts.get(answer.application.pk, (None, None))) for answer in answers]
    given = [row for row in rows if row[0].giving]
    others = [
        row
        for row in rows
        if not row[0].giving and text.casefold() in row[0].application.display_label.casefold()
    ]
    page = page_of(others, request)
    return show_person(request, "console/user_applications.html", user, rows=given, page=page, q=text)


@any_role_required
@require_safe
def events(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = person_of_page(pk)
    form = EventFilterForm(request.GET, about=user)
    return instead_of_page(request, form) or show_person(
        request, "console/user_events.html", user, **log_page(request, form)
    )


@help_desk_required
@require_safe
def security(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = person_of_page(pk)
    return show_person(
        request,
        "console/user_security.html",
        user,
        authenticator=authenticator_on(user),
        passkeys=passkeys_of(user) if user.passkey_count else [],
        required=second_factor_required(user),
        sessions=[(one, device(one.user_agent)) for one in portal_sessions.sessions_of(user)],
    )


@help_desk_required
@require_POST
def unlocking(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = changeable_or_403(request, pk)
    if unlock(user, actor=actor_of(request)):
        messages.success(request, _("%(name)s may try again.") % {"name": user})
    return redirect("console:user_security", user.pk)


@help_desk_required
@require_POST
def sessions_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = changeable_or_403(request, pk)
    portal_sessions.end_sessions(portal_sessions.sessions_of(user), actor=actor_of(request))
    messages.success(request, _("%(name)s is signed in nowhere any more.") % {"name": user})
    return redirect("console:user_security", user.pk)


@help_desk_required
@require_POST
def session_end(request: HttpRequest, pk: UUID, session_pk: UUID) -> HttpResponse:
    user = changeable_or_403(request, pk)
    one = get_object_or_404(PortalSession.objects, pk=session_pk, user=user)
    portal_sessions.end_sessions([one], actor=actor_of(request))
    messages.success(request, _("That session has ended."))
    return redirect("console:user_security", user.pk)
