"""One act on many people: exactly those who were reviewed, each with the same refusals as alone, and nothing twice when a worker dies."""

import pytest

from apps.accounts.actions import add_administrator
from apps.accounts.models import Administrator, PeopleAct, PeopleRow, PeopleRun, Role, RowOutcome, RunState
from apps.accounts.people_runs import acting, actions, notices, work
from apps.accounts.people_runs.leases import RUNS
from apps.accounts.people_runs.tasks import ring_for_due_runs
from apps.directory.actions import (
    add_group,
    add_members,
    add_user,
    deactivate_user,
    remove_group,
    remove_user,
)
from apps.directory.errors import FieldsInvalid
from apps.directory.models import Group, Membership, User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.mail.models import Letter
from apps.outbox.models import Entry
from apps.tenants.context import outside_tenants
from apps.tenants.leases import LeaseLost

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def owner(system):
    user = add_user(
        actor=system, username="olga", email="olga@acme.example", password="correct horse battery"
    )
    add_administrator(user, actor=system, role=Role.OWNER)
    return user


@pytest.fixture
def actor(owner):
    return Actor("administrator", str(owner.pk), "olga")


@pytest.fixture
def people(system):
    return [add_user(actor=system, username=f"p{n}", email=f"p{n}@acme.example") for n in range(5)]


def prepared(act, users, actor, **values):
    return actions.prepare(
        act, User.objects.filter(pk__in=[user.pk for user in users]), actor=actor, **values
    )


def outcomes(run):
    return dict(PeopleRow.objects.filter(run=run).values_list("name", "outcome"))


def test_preparing_changes_nobody(people, actor):
    run = prepared(PeopleAct.DEACTIVATE, people, actor)
    assert (run.state, run.total) == (RunState.REVIEW, 5)
    assert User.objects.filter(active=False).count() == 0


def test_whoever_was_reviewed_is_deactivated_and_the_log_names_who_did_it(people, actor, system):
    deactivate_user(people[0], actor=system)
    run = actions.start(prepared(PeopleAct.DEACTIVATE, people, actor), actor=actor)
    assert (run.state, run.done, run.unchanged, run.refused) == (RunState.DONE, 4, 1, 0)
    assert User.objects.filter(active=False).count() == 5
    event = Event.objects.filter(type="user_suspended", target_id=str(people[1].pk)).get()
    assert event.actor_name == "olga"


def test_nobody_deactivates_themselves_or_the_last_owner(people, owner, actor, system):
    run = actions.start(prepared(PeopleAct.DEACTIVATE, [*people, owner], actor), actor=actor)
    assert run.refused == 1
    assert User.objects.get(pk=owner.pk).active


def test_an_administrator_does_not_touch_an_owner(people, owner, system):
    add_administrator(people[0], actor=system, role=Role.ADMINISTRATOR)
    deputy = Actor("administrator", str(people[0].pk), "p0")
    run = actions.start(prepared(PeopleAct.INVITE, [owner, people[1]], deputy), actor=deputy)
    assert (run.done, run.refused) == (1, 1)
    assert (
        PeopleRow.objects.get(run=run, outcome=RowOutcome.REFUSED).problem
        == "Only an owner may change an owner."
    )


def test_whoever_lost_their_role_meanwhile_changes_nobody(people, actor):
    run = prepared(PeopleAct.DEACTIVATE, people, actor)
    Administrator.objects.all().delete()
    run = actions.start(run, actor=actor)
    assert (run.done, run.refused) == (0, 5)
    assert User.objects.filter(active=False).count() == 0


def test_somebody_who_is_gone_is_told_not_forgotten(people, actor, system):
    run = prepared(PeopleAct.DEACTIVATE, people, actor)
    remove_user(people[0], actor=system)
    run = actions.start(run, actor=actor)
    assert (run.done, run.refused) == (4, 1)
    assert "no longer here" in PeopleRow.objects.get(run=run, outcome=RowOutcome.REFUSED).problem


def test_people_join_and_leave_a_group_with_few_statements(
    people, actor, system, django_assert_max_num_queries
):
    group = add_group(actor=system, name="Engineering")
    add_members(group, people[:2], actor=system)
    run = prepared(PeopleAct.JOIN, people, actor, group=group)
    with django_assert_max_num_queries(40):
        run = actions.start(run, actor=actor)
    assert (run.done, run.unchanged) == (3, 2)
    assert Membership.objects.filter(group=group).count() == 5
    run = actions.start(prepared(PeopleAct.LEAVE, people, actor, group=group), actor=actor)
    assert run.done == 5
    assert Membership.objects.count() == 0
    assert Entry.objects.exists()


def test_a_group_has_to_be_named_and_may_be_gone(people, actor, system):
    with pytest.raises(FieldsInvalid):
        prepared(PeopleAct.JOIN, people, actor)
    group = add_group(actor=system, name="Engineering")
    run = prepared(PeopleAct.JOIN, people, actor, group=group)
    remove_group(group, actor=system)
    assert actions.start(PeopleRun.objects.get(pk=run.pk), actor=actor).refused == 5


def test_nobody_is_nothing_to_do(actor):
    with pytest.raises(FieldsInvalid):
        actions.prepare(PeopleAct.DEACTIVATE, User.objects.none(), actor=actor)
    assert not PeopleRun.objects.exists()


def test_invitations_go_out_once_each(people, actor):
    actions.start(prepared(PeopleAct.INVITE, people, actor), actor=actor)
    assert Letter.objects.count() == 5


def test_a_run_is_started_once(people, actor):
    run = prepared(PeopleAct.INVITE, people, actor)
    actions.start(run, actor=actor)
    with pytest.raises(FieldsInvalid):
        actions.start(run, actor=actor)
    assert Letter.objects.count() == 5


@pytest.fixture
def many(monkeypatch):
    """Two people are many, so that a worker has to do it."""
    monkeypatch.setattr(actions, "AT_ONCE", 1)
    monkeypatch.setattr(acting, "CHUNK", 2)


def test_many_are_left_to_a_worker(people, actor, many):
    run = actions.start(prepared(PeopleAct.DEACTIVATE, people, actor), actor=actor)
    assert (run.state, run.finished) == (RunState.WORKING, 0)
    assert not work.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done) == (RunState.DONE, 5)


def test_a_mail_tells_whoever_started_it_of_the_end_of_a_long_one(people, actor, owner, many, monkeypatch):
    work.work(actions.start(prepared(PeopleAct.DEACTIVATE, people, actor), actor=actor).pk)
    assert Letter.objects.count() == 0  # the control: of a short one nobody is written to
    monkeypatch.setattr(notices, "IN_SIGHT", 4)
    run = actions.start(prepared(PeopleAct.REACTIVATE, people, actor), actor=actor)
    assert Letter.objects.count() == 0
    work.work(run.pk)
    letter = Letter.objects.get()
    assert (letter.address, letter.subject) == (owner.email, "Reactivate: done for 5 of 5 people")
    assert f"/console/users/runs/{run.pk}/" in letter.text


def test_whoever_lost_their_role_meanwhile_is_not_written_to(people, actor, owner, many, monkeypatch):
    monkeypatch.setattr(notices, "IN_SIGHT", 4)
    run = actions.start(prepared(PeopleAct.DEACTIVATE, people, actor), actor=actor)
    Administrator.objects.filter(user=owner).update(role=Role.HELP_DESK)
    work.work(run.pk)
    assert Letter.objects.count() == 0


def test_a_worker_that_dies_leaves_the_rest_to_the_next(people, actor, many, monkeypatch):
    run = actions.start(prepared(PeopleAct.INVITE, people, actor), actor=actor)
    mine = RUNS.claim(run.pk)
    acting.act_on_chunk(mine)
    assert not work.work(run.pk)  # somebody has it in hand
    assert Letter.objects.count() == 2
    PeopleRun.objects.filter(pk=run.pk).update(lease_until=mine.created_at)  # and is dead
    work.work(run.pk)
    assert Letter.objects.count() == 5
    with pytest.raises(LeaseLost):
        acting.act_on_chunk(mine)
    assert Letter.objects.count() == 5


def test_a_lost_ring_is_repaired_by_the_sweep(people, actor, many, monkeypatch):
    run = actions.start(prepared(PeopleAct.DEACTIVATE, people, actor), actor=actor)
    rung = []
    monkeypatch.setattr("apps.accounts.people_runs.tasks.ring", lambda *ids: rung.append(ids))
    with outside_tenants():
        ring_for_due_runs()
    assert rung == [(str(run.tenant_id), str(run.pk))]


def test_stopping_keeps_what_was_done(people, actor, many):
    run = actions.start(prepared(PeopleAct.DEACTIVATE, people, actor), actor=actor)
    acting.act_on_chunk(RUNS.claim(run.pk))
    assert actions.stop(run)
    assert not work.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done, run.left) == (RunState.STOPPED, 2, 3)
    assert not actions.stop(run)


def test_groups_stay_as_they_are_when_people_are_deactivated(people, actor, system):
    group = add_group(actor=system, name="Engineering")
    add_members(group, people, actor=system)
    actions.start(prepared(PeopleAct.DEACTIVATE, people, actor), actor=actor)
    assert Group.objects.get().members.count() == 5
    run = actions.start(prepared(PeopleAct.REACTIVATE, people, actor), actor=actor)
    assert run.done == 5
    assert User.objects.filter(active=True).count() == 6
    assert set(outcomes(run).values()) == {RowOutcome.DONE}
