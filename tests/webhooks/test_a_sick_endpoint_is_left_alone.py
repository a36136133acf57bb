"""Retries, pauses that were asked for, quarantine with its mail, and the way back; and that none of it makes events of its own without end."""

import email.utils
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.actions import add_administrator
from apps.directory.actions import add_user
from apps.events.models import Event
from apps.events.types import EventType
from apps.mail.models import Letter
from apps.webhooks import actions, queue, recording
from apps.webhooks.errors import WebhookInvalid
from apps.webhooks.models import Delivery, DeliveryAttempt, Webhook
from tests.fakes.receiver import Reply
from tests.webhooks.conftest import SYSTEM, Endpoint, happen, ids, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(inside):
    person = add_user(actor=SYSTEM, username="ada", email="ada@acme.example", first_name="A", last_name="B")
    return add_administrator(person, actor=SYSTEM, role="owner")


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500, 502])
def test_what_is_no_success_is_tried_again_later(endpoint, status):
    happen()
    endpoint.receiver.replies.append(Reply(status, {"Location": endpoint.receiver.url + "/elsewhere"}))
    endpoint.work()
    assert endpoint.states == ["pending"]
    assert endpoint.now.not_before > timezone.now()
    with later(hours=1):
        endpoint.work()
    assert endpoint.states == ["delivered"]
    assert [each.path for each in endpoint.receiver.received] == ["/hooks"] * 2  # no redirect was followed


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(endpoint, status):
    happen()
    endpoint.receiver.replies.append(Reply(status, {"Content-Encoding": "zip"} if status == 200 else {}, b""))
    endpoint.work()
    assert endpoint.states == ["delivered"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("in_words", [False, True])
def test_retry_after_is_obeyed_in_seconds_and_as_a_date(endpoint, status, in_words):
    happen()
    until = timezone.now() + timedelta(seconds=600)
    told = email.utils.format_datetime(until, usegmt=True) if in_words else "600"
    endpoint.receiver.replies.append(Reply(status, {"Retry-After": told}))
    endpoint.work()
    with later(seconds=580):
        endpoint.work()
        assert len(endpoint.receiver.received) == 1
    with later(seconds=620):
        endpoint.work()
    assert endpoint.states == ["delivered"]


def test_nobody_there_is_tried_again(endpoint):
    happen()
    actions.update_webhook(endpoint.row, actor=SYSTEM, url="http://127.0.0.1:9/")
    endpoint.work()
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, attempt.status) == ("passing", None)
    assert attempt.error


def test_waits_grow_with_each_failure(endpoint, monkeypatch):
    monkeypatch.setattr("random.uniform", lambda _low, high: high)
    endpoint.receiver.always = Reply(500)
    happen()
    waits = []
    for _ in range(4):
        Webhook.objects.update(not_before=None)
        endpoint.work()
        waits.append(round((endpoint.now.not_before - timezone.now()).total_seconds()))
    assert waits == [2, 4, 8, 16]


def test_what_was_tried_for_weeks_is_tried_on(endpoint):
    happen()
    endpoint.receiver.always = Reply(429)
    endpoint.work()
    Delivery.objects.update(attempts=1023)
    Webhook.objects.update(not_before=None)
    endpoint.work()
    assert endpoint.deliveries[0].attempts == 1024
    assert timedelta(0) < endpoint.now.not_before - timezone.now() <= timedelta(minutes=30)


def test_after_lasting_failure_it_is_quarantined_once_and_told(administrator, endpoint):
    happen(3)
    endpoint.receiver.always = Reply(500)
    endpoint.fail_for_long()
    assert (endpoint.now.state, endpoint.now.quarantine_reason) == ("quarantined", "failures")
    (event,) = Event.objects.filter(type=EventType.WEBHOOK_QUARANTINE)
    assert (event.success, event.target_name, event.error_message) == (False, "Warehouse", "It answered 500.")
    (letter,) = Letter.objects.all()
    assert letter.subject == "Warehouse: the webhook is quarantined"
    assert "It answered 500." in letter.text
    assert endpoint.states == ["pending"] * 3  # nothing owed is lost


def test_a_short_failure_is_no_quarantine(endpoint):
    happen(3)
    endpoint.receiver.always = Reply(500)
    for _ in range(8):
        Webhook.objects.update(not_before=None)
        endpoint.work()
    assert endpoint.now.state == "active"


def test_with_the_first_answer_it_goes_on_by_itself(administrator, endpoint):
    events = happen(3)
    endpoint.receiver.always = Reply(500)
    endpoint.fail_for_long()
    tried = len(endpoint.receiver.received)
    endpoint.receiver.always = Reply()
    with later(days=1):
        endpoint.work()
    assert endpoint.now.state == "active"
    assert endpoint.receiver.ids[tried:] == ids(events)
    assert Event.objects.filter(type=EventType.WEBHOOK_RESUME).count() == 1
    assert "goes on by itself" in Letter.objects.order_by("created_at").last().subject


def test_probes_come_after_1_5_15_and_then_every_30_minutes(endpoint):
    happen()
    endpoint.receiver.always = Reply(500)
    endpoint.fail_for_long()
    waits = []
    for _ in range(4):
        Webhook.objects.update(not_before=None)
        endpoint.work()
        waits.append(round((endpoint.now.not_before - timezone.now()).total_seconds() / 60))
    assert waits == [5, 15, 30, 30]


def test_a_probe_waits_as_long_as_it_was_asked_to(endpoint):
    happen()
    endpoint.receiver.always = Reply(503, {"Retry-After": "3000"})
    endpoint.fail_for_long()
    with later(days=1):
        endpoint.work()
        assert endpoint.now.state == "quarantined"
        assert round((endpoint.now.not_before - timezone.now()).total_seconds() / 60) == 50


def test_another_url_is_tried_at_once_and_starts_without_a_past(endpoint):
    happen()
    endpoint.receiver.answers(500, 500)
    endpoint.work()
    actions.update_webhook(endpoint.row, actor=SYSTEM, url=endpoint.receiver.url + "/new")
    assert (endpoint.now.failures, endpoint.now.not_before) == (0, None)
    endpoint.work()
    assert [each.path for each in endpoint.receiver.received] == ["/hooks", "/hooks/new"]


@pytest.mark.parametrize("status", [401, 403])
def test_three_refusals_to_let_us_in_quarantine_it(endpoint, status):
    happen()
    endpoint.receiver.always = Reply(status)
    for _ in range(3):
        assert endpoint.now.state == "active"
        Webhook.objects.update(not_before=None)
        endpoint.work()
    assert endpoint.now.quarantine_reason == "credentials"


def test_asking_too_fast_is_never_a_reason_for_quarantine(endpoint):
    happen()
    endpoint.receiver.always = Reply(429)
    endpoint.fail_for_long()
    endpoint.fail_for_long()
    assert endpoint.now.state == "active"


def test_410_pauses_it_and_says_so(administrator, endpoint):
    happen(2)
    endpoint.receiver.answers(410)
    assert not endpoint.work()
    assert (endpoint.now.state, endpoint.now.pause_reason) == ("paused", "gone")
    assert "gone" in Letter.objects.get().subject
    with later(days=1):
        assert not endpoint.work()
    actions.resume_webhook(endpoint.row, actor=SYSTEM)
    endpoint.work()
    assert endpoint.states == ["delivered"] * 2


def refuse(endpoint, times):
    for _ in range(times):
        Webhook.objects.update(not_before=None)
        endpoint.work()


def test_one_event_that_is_refused_again_and_again_lets_the_next_one_pass(endpoint):
    events = happen(2)
    endpoint.receiver.answers(*[422] * recording.MOST_REFUSALS)
    refuse(endpoint, recording.MOST_REFUSALS)
    assert endpoint.states == ["failed", "delivered"]
    assert endpoint.now.state == "active"
    actions.retry_delivery(endpoint.deliveries[0])
    endpoint.work()
    assert endpoint.states == ["delivered"] * 2
    assert endpoint.receiver.ids[-1] == str(events[0].pk)


def test_one_event_does_not_keep_it_in_quarantine(endpoint):
    happen(3)
    endpoint.receiver.always = Reply(500)
    endpoint.fail_for_long()
    endpoint.receiver.always = Reply()
    endpoint.receiver.answers(*[422] * recording.MOST_REFUSALS)
    refuse(endpoint, recording.MOST_REFUSALS - 1)
    assert endpoint.now.state == "quarantined"
    refuse(endpoint, 1)
    assert endpoint.states == ["failed", "delivered", "delivered"]
    assert endpoint.now.state == "active"


def test_in_quarantine_too_it_is_one_event_and_not_all(endpoint):
    happen(5)
    endpoint.receiver.always = Reply(500)
    endpoint.fail_for_long()
    endpoint.receiver.always = Reply(400)
    refuse(endpoint, 3 * recording.MOST_REFUSALS)
    assert endpoint.states == ["failed"] + ["pending"] * 4
    assert endpoint.now.state == "quarantined"


def test_an_endpoint_that_refuses_everything_loses_one_event_not_all(endpoint):
    happen(5)
    endpoint.receiver.always = Reply(400)
    refuse(endpoint, 3 * recording.MOST_REFUSALS)
    assert endpoint.states == ["failed"] + ["pending"] * 4
    assert endpoint.now.quarantine_reason == "refusals"


def test_its_own_failure_is_never_owed_to_itself(inside, receiver):
    endpoint = Endpoint(receiver, event_groups=[])  # everything
    happen()
    receiver.always = Reply(500)
    endpoint.fail_for_long()
    receiver.always = Reply()
    with later(days=1):
        while endpoint.work():
            continue
    told = [json.loads(each.body)["event_type"] for each in receiver.received]
    assert not {"webhook_quarantine", "webhook_resume"} & {*told}
    assert Event.objects.filter(type=EventType.WEBHOOK_RESUME).exists()


def test_attempts_make_no_events(endpoint):
    happen(3)
    before = Event.objects.count()
    endpoint.receiver.answers(500, 429, 404)
    for _ in range(6):
        Webhook.objects.update(not_before=None)
        endpoint.work()
    assert Event.objects.count() == before


def test_two_sick_endpoints_that_are_told_of_each_other_come_to_rest(inside, receiver):
    """Both get everything, fail, are quarantined, and recover: then nothing is left, and no day after brings anything more."""
    both = [Endpoint(receiver, name=name, event_groups=[]) for name in ("one", "two")]
    happen()
    receiver.always = Reply(500)
    for endpoint in both:
        endpoint.fail_for_long()
    receiver.always = Reply()
    for day in range(1, 4):
        with later(days=day):
            for endpoint in (*both, *both):
                while endpoint.work():
                    continue
    counted = len(receiver.received), Event.objects.count()
    for day in range(4, 9):
        with later(days=day):
            for endpoint in both:
                assert not endpoint.work()
    assert (len(receiver.received), Event.objects.count()) == counted


def test_told_of_itself_it_would_be_owed_more_each_time(endpoint, monkeypatch):
    """The negative control: without the exception the quarantine itself waits in its queue."""
    monkeypatch.setattr("apps.webhooks.feed.without_own", lambda rows, _webhook_id: rows)
    actions.update_webhook(endpoint.row, actor=SYSTEM, event_groups=[], event_types=[])
    happen()
    endpoint.receiver.always = Reply(500)
    endpoint.fail_for_long()
    endpoint.receiver.always = Reply()
    with later(days=1):
        while endpoint.work():
            continue
    assert Delivery.objects.filter(event_type=EventType.WEBHOOK_QUARANTINE).exists()


def test_paused_it_is_sent_nothing_and_keeps_what_is_owed(endpoint):
    happen(2)
    actions.update_webhook(endpoint.row, actor=SYSTEM, active=False)
    endpoint.work()
    assert endpoint.receiver.received == []
    actions.update_webhook(endpoint.row, actor=SYSTEM, active=True)
    while endpoint.work():
        continue
    assert len(endpoint.receiver.received) == 2


def test_a_resumption_may_skip_what_waits(endpoint):
    happen(2)
    endpoint.receiver.always = Reply(500)
    endpoint.fail_for_long()
    actions.resume_webhook(endpoint.row, actor=SYSTEM, skip=True)
    endpoint.receiver.always = Reply()
    sent = len(endpoint.receiver.received)
    after = happen(1)
    endpoint.work()
    assert endpoint.receiver.ids[sent:] == ids(after)
    with pytest.raises(WebhookInvalid):
        actions.resume_webhook(endpoint.row, actor=SYSTEM)


def test_retry_now_does_not_wait(endpoint):
    happen()
    endpoint.receiver.answers(500)
    endpoint.work()
    actions.retry_delivery(queue.head(endpoint.row))
    endpoint.work()
    assert endpoint.states == ["delivered"]


def test_without_the_key_nothing_is_signed_and_nothing_sent(endpoint, settings):
    happen()
    keys = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["A" * 43 + "="]
    endpoint.work()
    assert endpoint.receiver.received == []
    assert "ENCRYPTION_KEYS" in endpoint.now.last_problem
    settings.ENCRYPTION_KEYS = keys
    with later(minutes=6):
        endpoint.work()
    assert endpoint.states == ["delivered"]


SMALLINT = 32_767  # what the columns hold on PostgreSQL; at two probes an hour that is less than two years


def test_a_quarantine_of_years_goes_on(endpoint):
    happen()
    endpoint.receiver.always = Reply(500)
    endpoint.fail_for_long()
    Webhook.objects.update(probes=SMALLINT, not_before=None)
    endpoint.work()
    row = endpoint.now
    assert row.probes <= SMALLINT
    assert timedelta(minutes=29) < row.not_before - timezone.now() <= timedelta(minutes=30)
    with later(hours=1):
        endpoint.receiver.always = Reply()
        endpoint.work()
    assert (endpoint.now.state, endpoint.states) == ("active", ["delivered"])


def test_an_endpoint_that_relapses_for_years_is_quarantined_again(endpoint):
    happen()
    Webhook.objects.update(relapses=SMALLINT, resumed_at=timezone.now())
    endpoint.receiver.always = Reply(401)
    for minutes in (0, 5, 10):
        with later(minutes=minutes):
            endpoint.work()
    assert endpoint.now.state == "quarantined"
    assert endpoint.now.relapses <= SMALLINT
