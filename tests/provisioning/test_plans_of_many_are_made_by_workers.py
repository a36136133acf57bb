"""With many people a worker makes the plan, chunk by chunk, and a page says how far it is. What is done is exactly what was shown."""

from types import SimpleNamespace
from typing import Any

import pytest

from apps.directory import actions as directory
from apps.provisioning import actions, retention, running
from apps.provisioning.errors import ActivationRefused, Outdated
from apps.provisioning.models import Integration, PlannedChange, PreparedPlan, Synchronization
from apps.provisioning.plans import actions as plans
from apps.provisioning.plans import tasks, work
from apps.provisioning.plans.leases import PLANS
from apps.provisioning.preview import preview
from apps.provisioning.synchronizations import progress
from tests.provisioning.conftest import joins, later

pytestmark = pytest.mark.django_db

MANY = 12


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch):
    """Ten people are many, and each chunk is four."""
    monkeypatch.setattr(plans, "AT_ONCE", 10)
    monkeypatch.setattr(work, "CHUNK", {"user": 4, "group": 1})
    monkeypatch.setattr(tasks, "ring", lambda *ids: None)


@pytest.fixture
def large(staffed) -> Any:
    """Twelve that are to be created, one that changes, two groups."""
    company = staffed(manage_groups=True)
    company.sales = company.group("Sales", company.mia)
    company.people = joins(company, *(f"p{number}" for number in range(MANY)))
    directory.update_user(company.mia, actor=company.actor, job_title="Lead")
    return company


def made(plan: PreparedPlan) -> PreparedPlan:
    while work.work(plan.pk):
        continue
    return PreparedPlan.objects.get(pk=plan.pk)


def checked() -> Synchronization:
    """The newest, after a worker came by."""
    for plan in PreparedPlan.objects.exclude(synchronization=None):
        while work.work(plan.pk):
            continue
    found = Synchronization.objects.first()
    assert found is not None
    return found


def test_it_is_the_plan_that_a_page_would_have_shown(large):
    shown = preview(large.integration)
    plan = made(plans.prepare(large.integration))
    assert plan.ready_at is not None
    assert (plan.digest, plan.user_counts, plan.group_counts) == (
        shown.digest,
        shown.user_counts,
        shown.group_counts,
    )
    assert (plan.held, plan.compared, plan.total) == (shown.held, MANY + 3, MANY + 3)
    told = [(row.kind, str(row.resource_id), row.operation, row.document) for row in plan.rows.all()]
    assert told == [(row.kind, row.resource_id, row.operation, row.document) for row in shown.rows]
    assert plan.changes == len(told) > MANY


def test_a_slice_says_how_far_it_is_and_the_next_goes_on(large, monkeypatch):
    plan = plans.prepare(large.integration)
    clock = iter(range(100))
    monkeypatch.setattr(work, "SLICE_SECONDS", 2.0)
    monkeypatch.setattr(work, "time", SimpleNamespace(monotonic=lambda: next(clock)))  # nobody else's
    far = []
    while work.work(plan.pk):
        plan.refresh_from_db()
        far.append((plan.compared, plan.total))
    assert far[0] == (4, MANY + 3)
    assert [compared for compared, _ in far] == sorted({compared for compared, _ in far})
    plan.refresh_from_db()
    assert plan.digest == preview(large.integration).digest


def test_what_is_set_differently_meanwhile_begins_anew(large, monkeypatch):
    plan = plans.prepare(large.integration)
    compare = work._compare_chunk
    times = []

    def then_changes(*arguments: Any) -> None:
        compare(*arguments)
        times.append(1)
        if len(times) == 2:
            Integration.objects.update(mapping={"title": {"enabled": False}})

    monkeypatch.setattr(work, "_compare_chunk", then_changes)
    plan = made(plan)
    assert plan.digest == preview(large.integration).digest
    assert plan.compared == MANY + 3
    assert PlannedChange.objects.count() == plan.changes


def test_whoever_asks_again_sees_what_is_true_now(large):
    plan = plans.prepare(large.integration)
    work._compare_for_a_slice(PLANS.claim(plan.pk), large.integration)
    directory.update_user(large.people[0], actor=large.actor, first_name="Other")
    assert plans.prepare(large.integration).pk == plan.pk
    assert made(plan).digest == preview(large.integration).digest


def test_only_the_latest_are_kept_and_none_for_more_than_a_day(large):
    pks = [made(plans.prepare(large.integration)).pk for _ in range(4)]
    assert set(PreparedPlan.objects.values_list("pk", flat=True)) == set(pks[1:])
    with later(days=1, minutes=1):
        assert retention.tenants_with_old()
        retention.forget_runs()
    assert not PlannedChange.objects.exists()


# --- and exactly that is done


def test_what_was_looked_at_is_done(large):
    plan = made(plans.prepare(large.integration))
    begun = plans.synchronize(large.integration, actor=large.actor, plan=plan.digest)
    assert (begun.state, progress(begun).total) == ("planning", None)
    large.target.journal.clear()
    ended = checked()
    assert (ended.state, ended.planned["users"]) == ("running", plan.user_counts)
    large.work()
    assert preview(large.integration).is_empty
    assert checked().state == "done"


def test_how_far_the_check_is(large, monkeypatch):
    begun = plans.synchronize(large.integration, actor=large.actor)
    clock = iter(range(100))
    monkeypatch.setattr(work, "SLICE_SECONDS", 2.0)
    monkeypatch.setattr(work, "time", SimpleNamespace(monotonic=lambda: next(clock)))  # nobody else's
    work.work(PreparedPlan.objects.get(synchronization=begun).pk)
    assert (progress(begun).done, progress(begun).total) == (4, MANY + 3)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda company: directory.remove_member(company.engineering, company.people[3], actor=company.actor),
        lambda company: Integration.objects.update(mapping={"title": {"enabled": False}}),
    ],
    ids=["somebody left", "another mapping"],
)
@pytest.mark.parametrize("starts", ["request", "activation"])
def test_another_plan_than_the_one_that_was_looked_at_is_not_done(large, silent_bell, meanwhile, starts):
    if starts == "activation":
        actions.deactivate_integration(large.integration, actor=large.actor)
    plan = made(plans.prepare(large.integration))
    start = plans.synchronize if starts == "request" else plans.activate
    start(large.integration, actor=large.actor, plan=plan.digest)
    meanwhile(large)
    refused = checked()
    assert (refused.state, refused.cause) == ("refused", starts)
    assert "new plan" in refused.problem
    assert not PreparedPlan.objects.exclude(synchronization=None).exists()
    if starts == "activation":
        assert not large.integration.is_active
    large.target.journal.clear()
    Synchronization.objects.exclude(state="refused").delete()
    start(large.integration, actor=large.actor, plan=made(plans.prepare(large.integration)).digest)
    assert checked().state == "running"
    assert large.integration.is_active


def test_activating_is_verified_at_once_and_begins_when_the_plan_was_compared(large):
    actions.deactivate_integration(large.integration, actor=large.actor)
    large.target.token = "another"
    with pytest.raises(ActivationRefused):
        plans.activate(large.integration, actor=large.actor)
    assert not Synchronization.objects.filter(state="planning").exists()
    large.target.token = actions.integration_of(large.application).token
    assert not plans.activate(large.integration, actor=large.actor).is_active
    assert (checked().state, checked().cause) == ("running", "activation")
    large.work()
    assert len(large.target.active_names()) == MANY + 1


def test_an_application_that_refuses_meanwhile_says_so(large):
    actions.deactivate_integration(large.integration, actor=large.actor)
    plans.activate(large.integration, actor=large.actor)
    large.target.token = "another"
    refused = checked()
    assert refused.state == "refused"
    assert "token" in refused.problem
    assert not large.integration.is_active


@pytest.mark.parametrize(
    "ends",
    [
        lambda company, begun: running.cancel_synchronization(begun, actor=company.actor),
        lambda company, begun: actions.deactivate_integration(company.integration, actor=company.actor),
    ],
    ids=["cancelled", "deactivated"],
)
def test_what_is_ended_before_it_began_raises_nobody_and_drops_nobody(large, ends):
    begun = plans.synchronize(large.integration, actor=large.actor)
    ends(large, begun)
    assert checked().state == "cancelled"
    assert not PreparedPlan.objects.exists()
    if large.integration.is_active:
        large.work()
        plans.synchronize(large.integration, actor=large.actor)
        checked()
        large.work()
        assert len(large.target.active_names()) == MANY + 1


def test_a_pause_meanwhile_refuses_it(large):
    plans.synchronize(large.integration, actor=large.actor)
    running.pause_integration(large.integration, actor=large.actor)
    assert checked().state == "refused"


def test_one_at_a_time(large):
    plans.synchronize(large.integration, actor=large.actor)
    with pytest.raises(Outdated):
        plans.synchronize(large.integration, actor=large.actor)


def test_with_few_people_nobody_waits_for_a_worker(staffed):
    company = staffed()
    assert plans.synchronize(company.integration, actor=company.actor).state == "running"
    actions.deactivate_integration(company.integration, actor=company.actor)
    assert plans.activate(company.integration, actor=company.actor).is_active


def test_a_dead_worker_is_followed_by_another(large):
    plan = plans.prepare(large.integration)
    assert PLANS.claim(plan.pk) is not None
    assert not work.work(plan.pk)
    assert PLANS.due_everywhere() == []
    with later(seconds=61):
        assert [plan_id for _, plan_id in PLANS.due_everywhere()] == [str(plan.pk)]
        assert made(plan).ready_at is not None
