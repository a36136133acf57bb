"""Why somebody has an application, and why they have not: asked from the person's page and from the application's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from apps.applications.models import Application, Assignment
from apps.console.application_page import applications_for_pages
from apps.console.chips import Chip
from apps.directory.models import Group, Membership, User
from apps.insights.obstacles import obstacles, of_the_person


@dataclass(frozen=True, slots=True)
class Answer:
    """`giving` are the person's groups that open it, `bound` all that do; `obstacles` are sentences, each of them enough to be refused."""

    person: User
    application: Application
    giving: list[Group]
    bound: list[Group]
    obstacles: list[str]

    @property
    def opens(self) -> bool:
        return not self.obstacles

    @property
    def chip(self) -> Chip:
        return Chip("active", _("Has access")) if self.opens else Chip("inactive", _("No access"))


def applications_explained(person: User) -> list[Answer]:
    """Every application of the organisation, by label. Two questions, however many there are."""
    bound: dict[Any, list[Group]] = {}
    inside: set[Any] = set()
    theirs = Exists(Membership.objects.filter(user=person, group=OuterRef("group")))
    for assignment in (
        Assignment.objects.select_related("group").annotate(theirs=theirs).order_by("group__name_key")
    ):
        bound.setdefault(assignment.application_id, []).append(assignment.group)
        if assignment.theirs:
            inside.add(assignment.group_id)
    return [
        _answer(person, application, inside, bound.get(application.pk, []))
        for application in applications_for_pages().order_by("display_label", "pk")
    ]


def people_explained(application: Application, people: Iterable[User]) -> list[Answer]:
    """Two questions, however many people."""
    people = list(people)
    bound = list(Group.objects.filter(applications=application).order_by("name_key"))
    inside: dict[Any, set[Any]] = {}
    rows = Membership.objects.filter(group__in=bound, user__in=people)
    for user_id, group_id in rows.values_list("user_id", "group_id"):
        inside.setdefault(user_id, set()).add(group_id)
    return [_answer(person, application, inside.get(person.pk, set()), bound) for person in people]


def account_explained(application: Application, person: User) -> Answer:
    """Why this person should have an account there, or should not: what Identity Management goes by. One question."""
    theirs = Exists(Membership.objects.filter(user=person, group=OuterRef("pk")))
    groups = Group.objects.filter(applications=application).annotate(theirs=theirs)
    bound = list(groups.order_by("name_key"))
    giving = [group for group in bound if group.theirs]
    words = [*_missing_groups(giving, bound), *of_the_person(person, application)]
    return Answer(person, application, giving, bound, words)


def _answer(person: User, application: Application, inside: set[Any], bound: list[Group]) -> Answer:
    giving = [group for group in bound if group.pk in inside]
    return Answer(person, application, giving, bound, list(_obstacles(person, application, giving, bound)))


def _obstacles(
    person: User, application: Application, giving: list[Group], bound: list[Group]
) -> Iterable[str]:
    yield from _missing_groups(giving, bound)
    yield from obstacles(person, application)


def _missing_groups(giving: list[Group], bound: list[Group]) -> Iterable[str]:
    if not bound:
        yield _("No user group is bound to it, so nobody has it.")
    elif not giving:
        yield _("In none of the user groups that are bound to it.")
