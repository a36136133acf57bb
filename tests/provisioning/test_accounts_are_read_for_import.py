"""Whatever an application makes of paging, everybody there is listed once, and a killed worker costs one page."""

import time
import tracemalloc
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from apps.events.models import Event
from apps.lib.scim.reading import ReadList
from apps.provisioning import actions as integrations
from apps.provisioning import health
from apps.provisioning.errors import ImportRefused
from apps.provisioning.imports import actions, leases, reader, work
from apps.provisioning.models import Import, ImportRow, ImportState, Integration, IntegrationState
from apps.tenants.leases import LeaseLost
from tests.fakes.scim_target import Fault, scim_error, throttled
from tests.provisioning.conftest import later
from tests.provisioning.imports import importing

__all__ = ["importing"]
pytestmark = pytest.mark.django_db


def fill(target, count, first=0):
    for number in range(first, first + count):
        target.add_user(f"p{number}", f"p{number}@example.com")


def everybody(target):
    return {user["userName"] for user in target.users.values()}


def asked(target):
    return [each.path.partition("?")[2] for each in target.journal if each.method == "GET"]


def test_every_page_is_read_and_nothing_is_written(importing):
    target = importing.company.target
    fill(target, 250)
    run = importing.read()
    assert (run.state, run.read, run.total, run.problem) == ("ready", 251, 251, "")
    assert importing.names() == [user["userName"] for user in target.users.values()]
    assert asked(target) == [f"startIndex={start}&count=100" for start in (1, 101, 201, 252)]
    assert target.wrote() == []
    assert Event.objects.filter(type="idm_import_start", success=True).count() == 1


@pytest.mark.parametrize("prepare", [{"page_cap": 7}, {"ignores_paging": True}], ids=str)
def test_a_page_may_be_shorter_than_asked_for_or_everything(importing, prepare):
    target = importing.company.target
    fill(target, 30)
    vars(target).update(prepare)
    run = importing.read()
    assert (run.state, run.problem) == ("ready", "")
    assert set(importing.names()) == everybody(target)
    assert len(importing.names()) == 31


def test_whoever_pages_in_name_only_is_left_after_three_pages_with_a_sentence(importing):
    target = importing.company.target
    fill(target, 30)
    target.ignores_paging, target.page_cap = True, 10
    run = importing.read()
    assert run.read == 10
    assert len(asked(target)) == 1 + reader.MOST_STALE_PAGES
    assert run.problem == "The application says that it has 31 accounts, but listed only 10."


def test_nobody_slips_through_when_people_leave_meanwhile(importing):
    """Page two would begin after somebody who moved to page one."""
    target = importing.company.target
    fill(target, 300)

    def leave(start_index):
        if start_index == 101:
            for name in ("p0", "p1", "p2"):
                del target.users[target.named(name)["id"]]

    target.before_a_page = leave
    importing.read()
    assert everybody(target) <= set(importing.names())


def test_without_stepping_back_somebody_would(importing, monkeypatch):
    """Negative control of the test above: the list never seems to become shorter."""
    seen = ReadList.__init__
    monkeypatch.setattr(
        ReadList, "__init__", lambda self, resources, total, *more: seen(self, resources, 10**6, *more)
    )
    target = importing.company.target
    fill(target, 300)

    def leave(start_index):
        if start_index == 101:
            for name in ("p0", "p1", "p2"):
                del target.users[target.named(name)["id"]]

    target.before_a_page = leave
    importing.read()
    assert not everybody(target) <= set(importing.names())


def test_newcomers_on_the_first_page_are_no_reason_to_list_anybody_twice(importing):
    target = importing.company.target
    fill(target, 150)

    def join(start_index):
        if start_index == 101:
            new = {f"new{number}": {"id": f"new{number}", "userName": f"n{number}"} for number in range(40)}
            target.users = new | target.users

    target.before_a_page = join
    importing.read()
    assert len(importing.names()) == len(set(importing.names()))
    assert {f"p{number}" for number in range(150)} <= set(importing.names())


def test_whoever_refuses_count_is_asked_without(importing):
    target = importing.company.target
    fill(target, 5)
    target.faults.append(Fault(400, body=scim_error(400, "count is too large", "invalidValue")))
    run = importing.read()
    assert run.read == 6
    assert asked(target)[:2] == ["startIndex=1&count=100", "startIndex=1"]


def test_an_error_beyond_the_end_is_the_end(importing):
    target = importing.company.target
    fill(target, 120)
    beyond = Fault(400, body=scim_error(400, "startIndex out of range"))
    target.before_a_page = lambda start: target.faults.append(beyond) if start == 101 else None
    assert importing.read().state == "ready"
    assert set(importing.names()) == everybody(target)


def test_an_answer_that_is_too_large_is_asked_for_in_smaller_pages(importing):
    target = importing.company.target
    for number in range(60):
        target.add_user(f"big{number}", f"big{number}@example.com", note="x" * 50_000)
    run = importing.read()
    assert (run.state, run.page_size) == ("ready", 20)
    assert set(importing.names()) == everybody(target)


def test_a_pause_that_is_asked_for_is_kept_and_reading_goes_on(importing):
    target = importing.company.target
    fill(target, 150)
    target.before_a_page = lambda start: target.faults.append(throttled(300)) if start == 1 else None
    run = importing.read()  # the fault meets the second page
    assert (run.state, run.read) == ("reading", 100)
    requests = len(target.journal)
    importing.work()
    assert len(target.journal) == requests
    assert importing.company.integration.not_before is not None  # provisioning keeps the pause, too
    with later(seconds=301):
        assert importing.work().state == "ready"
    assert set(importing.names()) == everybody(target)


@pytest.mark.parametrize("asked_for", [True, False], ids=["a pause", "the control, none"])
def test_a_pause_that_is_asked_for_while_the_slot_is_waited_for_is_kept(importing, monkeypatch, asked_for):
    """Provisioning has the slot, is told to wait, and gives it back."""
    integration, slot = importing.company.integration, uuid.uuid4()
    assert health.take_slot(integration, slot)
    importing.begin()
    until = timezone.now() + timedelta(minutes=5)

    def meanwhile(seconds):
        if asked_for:
            Integration.objects.update(not_before=until)
        health.free_slot(integration, slot)

    monkeypatch.setattr(reader, "time", SimpleNamespace(monotonic=time.monotonic, sleep=meanwhile))
    assert importing.work().state == ("reading" if asked_for else "ready")
    assert bool(asked(importing.company.target)) is not asked_for
    assert importing.company.integration.not_before == (until if asked_for else None)


def test_a_refused_token_fails_at_once_and_can_be_resumed(importing):
    target = importing.company.target
    fill(target, 150)
    target.before_a_page = lambda start: setattr(target, "token", "other") if start == 1 else None
    run = importing.read()
    assert (run.state, run.read) == ("failed", 100)
    assert "Invalid token" in run.problem
    assert importing.company.integration.token not in run.problem
    target.token, target.before_a_page = importing.company.integration.token, lambda start: None
    importing.run = actions.resume_import(run, actor=importing.company.actor)
    with later(minutes=30):  # provisioning rests after a refusal, and so does this
        assert importing.work().state == "ready"
    assert set(importing.names()) == everybody(target)
    assert asked(target).count("startIndex=1&count=100") == 1


def test_a_dead_worker_costs_one_page(importing):
    target = importing.company.target
    fill(target, 150)
    importing.begin()
    run = leases.IMPORTS.claim(importing.run.pk)
    assert reader.read_page(run) is True  # and dies
    assert work.work(importing.run.pk) is False  # its lease still runs
    with later(seconds=61):
        assert importing.work().state == "ready"
    assert set(importing.names()) == everybody(target)
    assert asked(target)[:2] == ["startIndex=1&count=100", "startIndex=101&count=100"]


def test_a_worker_that_was_taken_for_dead_writes_nothing(importing):
    fill(importing.company.target, 150)
    importing.begin()
    run = leases.IMPORTS.claim(importing.run.pk)
    Import.objects.update(lease_token=uuid.uuid4())
    with pytest.raises(LeaseLost):
        reader.read_page(run)
    assert importing.rows() == []


def test_it_waits_for_its_turn_among_the_batches_of_provisioning(importing, monkeypatch):
    monkeypatch.setattr(reader, "SLOT_SECONDS", 0)
    importing.begin()
    with later(seconds=0):
        Integration.objects.update(busy_token=uuid.uuid4(), busy_until="2999-01-01T00:00:00Z")
    requests = len(importing.company.target.journal)
    importing.run.refresh_from_db()
    run = leases.IMPORTS.claim(importing.run.pk)
    assert reader.read_page(run) is False
    assert len(importing.company.target.journal) == requests
    Integration.objects.update(busy_token=None, busy_until=None)
    assert importing.work().state == "ready"


def test_a_list_without_end_is_cut(importing, monkeypatch):
    monkeypatch.setattr(reader, "MOST_ROWS", 200)
    fill(importing.company.target, 450)
    run = importing.read()
    assert run.read == 200
    assert run.problem == "The list was cut after 200 accounts."


def test_memory_is_flat_however_many_there_are(importing):
    target = importing.company.target

    def peak(people):
        fill(target, people, first=len(target.users))
        tracemalloc.start()
        importing.read()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    target.page_cap = 20
    few = peak(40)
    assert peak(500) < 2 * few


def test_the_claim_is_not_believed(importing, monkeypatch):
    target = importing.company.target
    lying = target._list
    monkeypatch.setattr(target, "_list", lambda *asked: (200, lying(*asked)[1] | {"totalResults": 10**15}))
    run = importing.read()
    assert (run.state, run.read) == ("ready", 1)
    assert "but listed only 1" in run.problem


def test_only_an_active_integration_is_read_and_only_once_at_a_time(importing):
    importing.begin()
    with pytest.raises(ImportRefused):
        importing.begin()
    importing.work()
    integrations.deactivate_integration(importing.company.integration, actor=importing.company.actor)
    with pytest.raises(ImportRefused):
        importing.begin()


def test_deactivating_it_ends_the_reading_with_a_sentence(importing):
    importing.begin()
    Integration.objects.update(state=IntegrationState.CONFIGURED)
    run = importing.work()
    assert (run.state, run.problem) == (ImportState.FAILED, "Identity Management is not active.")


def test_another_address_makes_the_list_worthless(importing):
    """Its ids could be somebody else's there."""
    fill(importing.company.target, 1)
    importing.read()
    Integration.objects.update(base_url="https://elsewhere.example/scim")
    with pytest.raises(ImportRefused):
        importing.select()


def test_stopping_keeps_what_was_read(importing):
    fill(importing.company.target, 150)
    importing.begin()
    reader.read_page(leases.IMPORTS.claim(importing.run.pk))
    run = actions.stop_import(importing.run, actor=importing.company.actor)
    assert (run.state, run.read) == ("ready", 100)
    assert "listed only 100" in run.problem


def test_rows_of_earlier_looks_go(importing):
    importing.read()
    first = importing.run
    importing.read()
    assert not ImportRow.objects.filter(run=first).exists()
    assert Import.objects.count() == 2
