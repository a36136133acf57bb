"""The list of people: search, filters, sort and size stand in the address; its file holds the same people."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.access import actor_of, administrator_required, help_desk_required
from apps.accounts.account_states import AccountState, states_of_people
from apps.accounts.exports import tell_of_export
from apps.console.chips import person_chip
from apps.console.forms.people_runs import ON_PEOPLE
from apps.console.pages import page_of, show, with_query
from apps.console.people_export import written
from apps.console.people_filters import PeopleFilter, groups_to_choose
from apps.directory.models import Membership
from apps.lib.spreadsheets import CONTENT_TYPE
from apps.scim.queries import sources_of


@help_desk_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    chosen = PeopleFilter.of(request.GET)
    page = page_of(chosen.people(), request)
    states, managed = states_of_people(page.rows), sources_of(page.rows)
    counts = _group_counts(page.rows)
    for person in page.rows:
        person.chip, person.managed_by = person_chip(states[person.pk]), managed.get(person.pk, [])
        person.group_count = counts.get(person.pk, 0)
    context = {
        "page": page,
        "chosen": chosen,
        "states": AccountState,
        "groups": groups_to_choose(),
        "acts": ON_PEOPLE,
        "kept": [(name, request.GET.get(name, "")) for name in ("q", "state", "group", "sort")]
        + [("query", with_query(request))],
    }
    return show(request, "console/users.html", context)


def _group_counts(people: list[Any]) -> dict[Any, int]:
    """For the page alone: counted in the list's own query, everybody's would be."""
    rows = Membership.objects.filter(user__in=people).order_by()
    return dict(rows.values_list("user").annotate(Count("pk")))


@administrator_required  # type: ignore[arg-type]  # a streamed answer is not an HttpResponse to the stubs
@require_safe
def export(request: HttpRequest) -> StreamingHttpResponse:
    chosen = PeopleFilter.of(request.GET)
    people = chosen.people()
    tell_of_export(
        people.count(),
        actor=actor_of(request),
        filters=chosen.told(),
    )
    response = StreamingHttpResponse(written(people), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="users-{timezone.now():%Y%m%d-%H%M%S}.csv"'
    return response
