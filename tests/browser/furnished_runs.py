"""Acts on many people in each state that a page shows, and the receipt of somebody who left."""

from apps.accounts.models import PeopleAct, PeopleRow, PeopleRun, RowOutcome, RunState
from apps.accounts.people_runs import actions
from apps.directory.models import Group, User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.insights.receipts import offboardings

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


def furnish_receipt(system: Actor) -> Event:
    """Of Lena: one application was told, another one is not well, and a third is not managed."""
    lena = Target.of("user", User.objects.get(username="lena"))
    wiki, board = Target("application", "wiki", "Wiki"), Target("application", "board", "Board")
    record(EventType.SSO_AUTH, actor=Actor("person", lena.id, lena.name), application=board)
    record(EventType.USER_SUSPENDED, actor=system, target=lena, details={"sessions_ended": 2})
    record(
        EventType.USER_DEPROVISION,
        actor=system,
        target=lena,
        application=wiki,
        message_chain={"response_code": "204", "response_message": "User deactivated"},
    )
    left: Event = offboardings().get(target_id=lena.id)
    return left
