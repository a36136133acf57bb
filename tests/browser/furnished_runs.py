"""Acts on many people in each state that a page shows."""

from apps.accounts.models import PeopleAct, PeopleRow, PeopleRun, RowOutcome, RunState
from apps.accounts.people_runs import actions
from apps.directory.models import Group, User
from apps.events.actors import Actor

LINES = "email,first_name,groups,shoe size\nada@example.com,Ada,Engineering,38\nbob@acme.example,Bob,,\n,Nobody,,\n"


def furnish_runs(people: list[User], group: Group) -> dict[str, PeopleRun]:
    """Name → run. Nobody is changed by any of them."""
    actor = Actor("administrator", str(people[0].pk), "alice")
    everybody = User.objects.filter(pk__in=[user.pk for user in people])
    review = actions.prepare(PeopleAct.DEACTIVATE, everybody, actor=actor)
    working = actions.prepare(PeopleAct.LEAVE, everybody, actor=actor, group=group)
    PeopleRun.objects.filter(pk=working.pk).update(state=RunState.WORKING, total=150, done=40)
    done = actions.prepare(PeopleAct.INVITE, everybody, actor=actor)
    rows = PeopleRow.objects.filter(run=done)
    rows.filter(position=1).update(outcome=RowOutcome.REFUSED, problem="Only an owner may change an owner.")
    rows.filter(position=2).update(outcome=RowOutcome.DONE)
    PeopleRun.objects.filter(pk=done.pk).update(state=RunState.DONE, done=1, refused=1)
    file = actions.prepare_import(LINES.encode(), file_name="people.csv", invites=True, actor=actor)
    return {"people_review": review, "people_working": working, "people_done": done, "people_file": file}
