"""Owed in the transaction, sent after it, again when the server is away, once when it is not."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from apps.events.actors import Target
from apps.events.models import Event
from apps.mail import delivery, tasks
from apps.mail.enqueue import Message, Recipient, post
from apps.mail.models import Letter
from apps.tenants.context import in_tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]
MIA, NOA = Recipient("1", "mia", "mia@acme.example"), Recipient("2", "noa", "noa@acme.example")
MESSAGE = Message("The lift\nBcc: all@acme.example", "It is CANARY-broken.\n", "<p>It is CANARY-broken.</p>")


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    monkeypatch.setattr(tasks, "ring", lambda tenant_id: None)


def owe(*to):
    with transaction.atomic():
        return post(lambda: MESSAGE, to or [MIA], application=Target("application", "7", "Wiki"))


def later(**time):
    """The clock of the letters goes on."""
    due = timezone.now() - timedelta(seconds=1)
    Letter.objects.update(next_at=due, **time)


def events():
    return [(event.success, event.error_message) for event in Event.objects.filter(type="mail_send")]


class Server:
    """In place of Django's connection; `refusals` are raised one after the other before it takes anything."""

    def __init__(self, monkeypatch, *refusals):
        self.refusals, self.taken = list(refusals), []
        monkeypatch.setattr("apps.mail.delivery.EmailMultiAlternatives.send", self.send_of(self))

    @staticmethod
    def send_of(server):
        def send(letter):
            if server.refusals:
                raise server.refusals.pop(0)
            server.taken.append(letter)

        return send


@pytest.mark.django_db(transaction=True)
def test_owing_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError):
        post(lambda: MESSAGE, [MIA])


def test_what_is_rolled_back_is_never_sent():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post(lambda: MESSAGE, [MIA])
        _ = 1 / 0
    assert delivery.deliver() == 0
    assert mail.outbox == []


def test_nothing_is_sent_before_the_commit():
    with transaction.atomic():
        post(lambda: MESSAGE, [MIA])
        assert mail.outbox == []
    assert delivery.deliver() == 1


def test_each_reader_gets_a_letter_of_their_own_and_the_log_says_so():
    assert owe(MIA, NOA, Recipient("3", "nobody", "")) == 2
    assert delivery.deliver() == 2
    assert delivery.deliver() == 0
    assert sorted(letter.to for letter in mail.outbox) == [["mia@acme.example"], ["noa@acme.example"]]
    letter = mail.outbox[0]
    assert letter.subject == "The lift Bcc: all@acme.example"  # no header of its own
    assert letter.recipients() == letter.to
    assert letter.body == MESSAGE.text
    assert letter.alternatives[0] == (MESSAGE.html, "text/html")
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    assert not Letter.objects.exists()
    event = Event.objects.filter(type="mail_send").first()
    assert (event.success, event.application_name, event.details["subject"]) == (True, "Wiki", letter.subject)
    assert "CANARY" not in str([vars(each) for each in Event.objects.all()])


def test_what_it_says_lies_sealed():
    owe()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mail_letter")
        row = [bytes(cell) if isinstance(cell, memoryview) else cell for cell in cursor.fetchone()]
    assert "mia@acme.example" in row
    assert "CANARY" not in str(row)
    assert Letter.objects.get().text == MESSAGE.text


def test_a_server_that_is_away_is_asked_again_later_and_again(monkeypatch):
    away = [ConnectionRefusedError("no route"), smtplib.SMTPServerDisconnected("gone"), TimeoutError()]
    server = Server(monkeypatch, *away)
    owe()
    waits = []
    for _ in away:
        assert delivery.deliver() == 1
        assert delivery.deliver() == 0  # not before its time
        waits.append(round((Letter.objects.get().next_at - timezone.now()).total_seconds() / 60))
        later()
    assert waits == [1, 2, 4]
    assert delivery.deliver() == 1
    assert len(server.taken) == 1
    assert events() == [(True, ""), (False, "no route")]  # late is told once


def test_an_address_that_the_server_does_not_know_is_given_up_at_once(monkeypatch):
    Server(monkeypatch, smtplib.SMTPRecipientsRefused({MIA.address: (550, b"no such user")}))
    owe()
    delivery.deliver()
    assert not Letter.objects.exists()
    assert events() == [(False, "550 no such user")]
    assert Event.objects.get(type="mail_send").details["tried_again"] is False


def test_a_full_mailbox_or_a_refused_sender_is_tried_again(monkeypatch):
    full = smtplib.SMTPRecipientsRefused({MIA.address: (452, b"full")})
    server = Server(monkeypatch, full, smtplib.SMTPSenderRefused(550, b"who?", "gatehouse@localhost"))
    owe()
    for _ in range(3):
        delivery.deliver()
        later()
    assert len(server.taken) == 1


def test_after_three_days_it_is_given_up_and_the_log_says_so(monkeypatch):
    Server(monkeypatch, OSError("away"), OSError("still away"))
    owe()
    delivery.deliver()
    later(created_at=timezone.now() - timedelta(days=4))
    delivery.deliver()
    assert not Letter.objects.exists()
    assert events() == [(False, "still away"), (False, "away")]


def test_an_address_that_no_mail_can_have_is_given_up(monkeypatch):
    Server(monkeypatch, ValueError("Invalid address"))
    owe()
    delivery.deliver()
    assert not Letter.objects.exists()


def test_two_workers_at_the_same_moment_send_it_once(monkeypatch):
    owe()
    (letter,) = Letter.objects.all()
    taken = []

    def send(mail_):
        taken.append(mail_)
        assert not delivery._deliver(letter)  # the other one, meanwhile

    monkeypatch.setattr("apps.mail.delivery.EmailMultiAlternatives.send", send)
    assert delivery._deliver(letter)
    assert len(taken) == 1


def test_a_worker_that_died_is_taken_over_when_its_lease_ends_with_the_same_message_id(monkeypatch):
    server = Server(monkeypatch, KeyboardInterrupt())
    owe()
    with pytest.raises(KeyboardInterrupt):
        delivery.deliver()
    assert delivery.deliver() == 0
    key = Letter.objects.get().pk
    later()
    assert delivery.deliver() == 1
    assert server.taken[0].extra_headers["Message-ID"] == f"<{key}@127.0.0.1>"


def test_the_sweeper_rings_for_tenants_with_due_letters_only(tenant, other_tenant, monkeypatch):
    rung = []
    monkeypatch.setattr(tasks, "ring", rung.append)
    tasks.ring_for_due_letters()
    assert rung == []
    owe()
    tasks.ring_for_due_letters()
    assert rung == [str(tenant.id)]
    tasks.deliver(str(other_tenant.id))
    with in_tenant(tenant):
        assert Letter.objects.count() == 1
    tasks.deliver(str(tenant.id))
    assert len(mail.outbox) == 1
