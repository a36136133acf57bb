"""By event and mail, 60, 30 and 7 days and 24 hours before, and at the end: each once."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import close_old_connections, connection
from django.utils import timezone

from apps.accounts.models import Role
from apps.directory.actions import deactivate_user
from apps.events.models import Event
from apps.lib.deadlines import passed
from apps.mail import delivery
from apps.mail.models import Letter
from apps.saml import expiry, tasks
from apps.saml.actions.key_pairs import (
    add_certificate,
    certificates_of,
    promote_certificate,
    retire_certificate,
)
from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant
from tests.conftest import person

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def days(number, **more):
    return timedelta(days=number, **more)


@pytest.fixture
def pair(wiki):
    """The active certificate of Wiki, which lasts 100 days from NOW."""
    with in_tenant(wiki.tenant):
        KeyPair.objects.update(not_after=NOW + days(100))
        return certificates_of(wiki)[0]


def told(tenant, since=0):
    with in_tenant(tenant):
        events = Event.objects.filter(type__in=("certificate_expiring", "certificate_expired"))
        return [event.details["threshold_days"] for event in events.order_by("created_at")][since:]


def look(tenant, day):
    with in_tenant(tenant):
        return expiry.warn(NOW + days(day))


def test_there_is_nothing_to_tell_while_there_is_time(pair):
    assert look(pair.tenant, 0) == 0
    assert look(pair.tenant, 39.9) == 0
    assert told(pair.tenant) == []


def test_each_threshold_is_told_once_however_often_one_looks(pair):
    for hour in range(38 * 24, 105 * 24, 7):
        look(pair.tenant, hour / 24)
    assert told(pair.tenant) == [60, 30, 7, 1, 0]


def test_a_threshold_that_passed_unseen_is_not_made_up_for(pair):
    assert look(pair.tenant, 95) == 1  # nobody looked for months
    assert look(pair.tenant, 95) == 0
    assert told(pair.tenant) == [7]
    assert look(pair.tenant, 120) == 1
    assert told(pair.tenant) == [7, 0]


def test_at_the_very_moment_it_is_told(pair):
    for left, expected in ((60, 60), (30, 30), (7, 7), (1, 1), (0, 0)):
        assert passed(NOW + days(left), NOW, expiry.THRESHOLDS) == expected
        assert passed(NOW + days(left, seconds=1), NOW, expiry.THRESHOLDS) != expected


def test_the_next_one_is_told_of_too_and_a_retiring_one_is_not(pair, wiki, system):
    with in_tenant(wiki.tenant):
        following = add_certificate(wiki, actor=system)
        promote_certificate(following, actor=system)
        KeyPair.objects.filter(pk=following.pk).update(not_after=NOW + days(50))
        third = add_certificate(wiki, actor=system)
        KeyPair.objects.filter(pk=third.pk).update(not_after=NOW + days(20))
        KeyPair.objects.filter(pk=pair.pk).update(not_after=NOW + days(5))  # retiring
    assert look(wiki.tenant, 0) == 2
    assert sorted(told(wiki.tenant)) == [30, 60]
    with in_tenant(wiki.tenant):
        retire_certificate(third, actor=system)


def test_an_application_that_nobody_can_sign_in_to_is_left_out_until_it_is_active(pair, wiki):
    with in_tenant(wiki.tenant):
        type(wiki).objects.update(active=False)
    assert look(wiki.tenant, 95) == 0
    with in_tenant(wiki.tenant):
        type(wiki).objects.update(active=True)
    assert look(wiki.tenant, 95) == 1


def test_those_who_can_do_something_get_a_mail_that_says_what(pair, alice, bob, system):
    admin = person(alice.tenant, "ada", role=Role.ADMINISTRATOR)
    person(alice.tenant, "rea", role=Role.READ_ONLY)
    gone = person(alice.tenant, "gus", role=Role.ADMINISTRATOR)
    with in_tenant(alice.tenant):
        deactivate_user(gone.user, actor=system)
    look(alice.tenant, 94)
    assert mail.outbox == []  # the worker's affair
    with in_tenant(alice.tenant):
        assert delivery.deliver() == 2
    assert {letter.to[0] for letter in mail.outbox} == {alice.user.email, admin.user.email}
    letter = mail.outbox[0]
    assert letter.subject == "Wiki: the certificate for sign-ins expires in 6 days"
    address = f"http://127.0.0.1:8000/t/acme/console/applications/{pair.application_id}/sso/"
    for body in (letter.body, letter.alternatives[0][0]):
        for words in (
            address,
            pair.fingerprint_sha256,
            (NOW + days(100)).strftime("%-d %B %Y"),
            "New certificate",
        ):
            assert words in body
    assert alice.get(f"/console/applications/{pair.application_id}/sso/").status_code == 200


def test_words_with_ampersands_stand_in_the_mail_as_they_are(pair, alice, wiki):
    with in_tenant(alice.tenant):
        type(wiki).objects.update(display_label="R&D <b>Wiki</b>")
    look(alice.tenant, 200)
    with in_tenant(alice.tenant):
        delivery.deliver()
    (letter,) = mail.outbox
    assert letter.subject == "R&D <b>Wiki</b>: the certificate for sign-ins has expired"
    assert "R&D <b>Wiki</b>" in letter.body
    assert "R&amp;D &lt;b&gt;Wiki&lt;/b&gt;" in letter.alternatives[0][0]


def test_whoever_made_the_next_one_already_is_told_to_promote_it(pair, alice, wiki, system):
    with in_tenant(alice.tenant):
        add_certificate(wiki, actor=system)
    look(alice.tenant, 95)
    with in_tenant(alice.tenant):
        delivery.deliver()
    assert "A next certificate is published already" in mail.outbox[0].body
    assert "New certificate" not in mail.outbox[0].body


def test_beat_looks_at_every_tenant_with_something_to_tell(pair, other_tenant, alice, settings):
    assert settings.CELERY_BEAT_SCHEDULE["expiry"]["task"] == tasks.warn_of_expiry_everywhere.name
    assert expiry.tenants_to_warn() == []
    with in_tenant(pair.tenant):
        KeyPair.objects.update(not_after=timezone.now() + days(3))
    assert expiry.tenants_to_warn() == [str(pair.tenant_id)]
    tasks.warn_of_expiry(str(other_tenant.id))
    assert told(pair.tenant) == []
    tasks.warn_of_expiry(str(pair.tenant_id))
    tasks.warn_of_expiry(str(pair.tenant_id))
    assert told(pair.tenant) == [7]
    with in_tenant(pair.tenant):
        assert Letter.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_the_same_moment_one_tells(pair, alice):
    start, errors = threading.Barrier(4), []

    def work():
        try:
            start.wait(timeout=30)
            look(pair.tenant, 95)
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)
        finally:
            close_old_connections()
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert errors == []
    assert told(pair.tenant) == [7]
    with in_tenant(pair.tenant):
        assert Letter.objects.count() == 1


def test_the_pages_say_so_and_how_much_it_presses(pair, alice, wiki):
    page = f"/console/applications/{wiki.pk}/groups/"
    assert "The certificate expires" not in alice.get(page).content.decode()
    for left, kind, words in (
        (59, "warn", "The certificate expires in 59 days"),
        (6.5, "bad", "The certificate expires in 7 days"),
        (1.5, "bad", "The certificate expires in 2 days,"),
        (0.5, "bad", "The certificate expires within 24 hours"),
        (-1, "bad", "The certificate expired on"),
    ):
        with in_tenant(wiki.tenant):
            KeyPair.objects.update(not_after=timezone.now() + days(left))
        for address in (page, "/console/", f"/console/applications/{wiki.pk}/sso/"):
            shown = alice.get(address).content.decode()
            assert words in shown
            assert f"banner--{kind}" in shown[: shown.index(words)][-400:]


def test_the_banner_makes_the_new_one_and_then_leads_to_it(pair, alice, wiki):
    with in_tenant(wiki.tenant):
        KeyPair.objects.update(not_after=timezone.now() + days(5))
    page = f"/console/applications/{wiki.pk}/groups/"
    certificates = f"/console/applications/{wiki.pk}/sso/certificates/"
    assert f'action="{alice.url(certificates)}"' in alice.get(page).content.decode()
    assert "Give it to the application" in alice.post(certificates, follow=True).content.decode()
    with in_tenant(wiki.tenant):
        following = certificates_of(wiki)[1]
    shown = alice.get(page).content.decode()
    assert f'href="{alice.url(certificates)}{following.pk}/"' in shown
    assert f'action="{alice.url(certificates)}"' not in shown


def test_the_log_has_words_for_it(pair, alice):
    look(pair.tenant, 95)
    with in_tenant(pair.tenant):
        delivery.deliver()
    shown = alice.get("/console/events/").content.decode()
    assert "Certificate expires soon" in shown
    assert "5 days left" in shown
    assert "Mail sent" in shown
    assert "Wiki: the certificate for sign-ins expires in 5 days" in shown
