"""What stands above the tabs of a person, whichever tab is open, and who may change them."""

from typing import Any
from uuid import UUID

from django.db.models import OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.access import RoleMissing, may_change, role_of, who_may_grant
from apps.accounts.account_states import AccountState, states_of_people
from apps.accounts.models import Authenticator, Passkey, RecoveryCode
from apps.applications.models import Assignment
from apps.console.chips import person_chip
from apps.console.counting import counted
from apps.console.pages import Tab, show
from apps.directory.models import Membership, User
from apps.insights.receipts import receipt_for
from apps.scim.queries import identities_of


def person_of_page(pk: UUID) -> Any:
    """The User with everything that stands above the tabs, in one question: `second_factor`, `passkey_count`, `codes_left`,
    `group_count`, `application_count`. Raises Http404.
    """
    people = User.objects.select_related("administrator", "authenticator").annotate(
        passkey_count=counted(Passkey.objects.filter(user=OuterRef("pk"))),
        codes_left=counted(RecoveryCode.objects.filter(user=OuterRef("pk"))),
        group_count=counted(Membership.objects.filter(user=OuterRef("pk"))),
        application_count=counted(
            Assignment.objects.filter(group__members=OuterRef("pk")), "application", distinct=True
        ),
    )
    person = get_object_or_404(people, pk=pk)
    person.second_factor = authenticator_on(person) is not None or person.passkey_count > 0
    return person


def authenticator_on(person: User) -> Authenticator | None:
    """Of a person_of_page; None also while it was never confirmed by a code."""
    found: Authenticator | None = getattr(person, "authenticator", None)
    return found if found is not None and found.confirmed_at else None


def _tabs(user: Any) -> list[Tab]:
    keys = [user.pk]
    return [
        Tab(reverse("console:user", args=keys), _("Profile"), exact=True),
        Tab(reverse("console:user_groups", args=keys), _("User groups"), user.group_count),
        Tab(reverse("console:user_applications", args=keys), _("Applications"), user.application_count),
        Tab(reverse("console:user_events", args=keys), _("Timeline")),
        Tab(reverse("console:user_security", args=keys), _("Security")),
    ]


def changeable_or_403(request: HttpRequest, pk: UUID) -> Any:
    user = person_of_page(pk)
    if request.method == "POST" and not may_change(role_of(request.user), user):
        raise RoleMissing(who_may_grant(role_of(user)))
    return user


def show_person(request: HttpRequest, template: str, user: Any, **context: Any) -> HttpResponse:
    """`user` is a person_of_page."""
    state = states_of_people([user])[user.pk]
    told = identities_of(user)
    frame = {
        "person": user,
        "tabs": _tabs(user),
        "may_change": may_change(role_of(request.user), user),
        "chip": person_chip(state),
        "locked": state == AccountState.LOCKED,
        "second_factor": user.second_factor,
        "receipt": None if user.active else receipt_for(user),
        "managed_by": [identity.source for identity in told],
        "told": [identity for identity in told if identity.secondary_emails],
    }
    return show(request, template, frame | context, form=context.get("form"))
