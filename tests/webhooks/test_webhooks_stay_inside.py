"""Where a webhook may lead, whose events it gets, and that its secret and URL are told to nobody."""

import json

import pytest
from django.core import serializers
from django.db import connection

from apps.events.models import Event
from apps.mail.models import Letter
from apps.tenants.context import in_tenant
from apps.webhooks import actions, feed
from apps.webhooks.errors import WebhookInvalid
from apps.webhooks.models import Delivery, DeliveryAttempt, Webhook
from tests.api.conftest import script_of
from tests.fakes.receiver import Reply
from tests.webhooks.conftest import SYSTEM, Endpoint, happen, ids

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "url",
    ["", "https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "http://siem.example/", "https://siem.example:8443/",
     "ftp://siem.example/", "https://a:b@siem.example/", "https://2130706433/", "https://siem.example/#x", "https://siem.example/" + "x" * 2000],
)  # fmt: skip
def test_it_may_not_lead_inside(inside, settings, url):
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(WebhookInvalid) as refusal:
        actions.add_webhook(actor=SYSTEM, name="x", url=url)
    assert refusal.value.fields.keys() == {"url"}


def test_the_operator_may_allow_it(inside, settings):
    settings.OUTBOUND_ALLOW = ["10.0.0.0/8"]
    actions.add_webhook(actor=SYSTEM, name="x", url="http://10.0.0.1:8080/")


def test_what_is_no_longer_allowed_is_not_called(endpoint, settings):
    happen()
    settings.OUTBOUND_ALLOW = []
    endpoint.work()
    assert endpoint.receiver.received == []
    assert DeliveryAttempt.objects.get().outcome == "passing"


def test_unknown_types_and_groups_are_refused(inside, receiver):
    for field in ("event_types", "event_groups"):
        with pytest.raises(WebhookInvalid) as refusal:
            actions.add_webhook(actor=SYSTEM, name="x", url=receiver.url, **{field: ["nonsense"]})
        assert refusal.value.fields.keys() == {field}


def test_another_organisations_events_are_not_sent(inside, other_tenant, receiver):
    endpoint = Endpoint(receiver, event_groups=[])
    with in_tenant(other_tenant):
        happen(3)
        feed.seal_now()
    own = happen(1)
    endpoint.work()
    while endpoint.work():
        continue
    assert receiver.ids[-1:] == ids(own)
    assert all("webhook" in json.loads(each.body)["event_type"] for each in receiver.received[:-1])


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no second wall")
def test_without_the_first_wall_the_second_holds(inside, other_tenant, receiver):
    with in_tenant(other_tenant):
        Endpoint(receiver)
    assert list(Webhook.unscoped.all()) == []


def everything_stored():
    """Every row of every table, as the database has it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if "webhook" in table or "event" in table or "mail" in table:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                found += [str([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]) for row in cursor]  # fmt: skip
    return "\n".join(found)


def test_the_secret_is_nowhere_but_in_the_answer_that_made_it(alice, receiver, caplog):
    with in_tenant(alice.tenant):
        endpoint = Endpoint(receiver)
        key = endpoint.secret.removeprefix("whsec_")
        receiver.replies.append(Reply(500, body=f"You used {endpoint.secret}, that is {key}".encode()))
        happen()
        endpoint.work()
        endpoint.receiver.always = Reply(500, body=endpoint.secret.encode())
        endpoint.fail_for_long()
        assert "[hidden]" in DeliveryAttempt.objects.last().answer
        stored = everything_stored() + caplog.text
        stored += serializers.serialize("json", [*Event.objects.all(), *Delivery.objects.all()])
        stored += "".join(letter.text + letter.html for letter in Letter.objects.all())
    assert key not in stored
    api = script_of(alice)
    path = f"/webhooks/{endpoint.row.pk}/"
    for page in (path, "/webhooks/", f"{path}secrets/", f"{path}deliveries/", "/events/"):
        assert key not in api("GET", page).content.decode()


def test_were_it_stored_it_would_be_found(endpoint):
    """The negative control."""
    Webhook.objects.update(last_problem=endpoint.secret)
    assert endpoint.secret in everything_stored()


def test_the_log_has_the_origin_of_the_url_alone(inside, receiver):
    webhook, _secret = actions.add_webhook(
        actor=SYSTEM, name="Chat", url="https://chat.example/T000/CANARY?token=CANARY"
    )
    actions.update_webhook(webhook, actor=SYSTEM, url="https://chat.example/T000/CANARY2")
    actions.update_webhook(webhook, actor=SYSTEM, url="https://other.example/CANARY3")
    told = [str(event.changes) for event in Event.objects.filter(type__startswith="webhook_")]
    assert len(told) == 3
    assert all("example" in each and "CANARY" not in each for each in told)
