"""A URL such as a chat's is a secret: whoever may not change it does not read it, and of its query nothing is kept of any request."""

import pytest

from apps.accounts.actions import add_administrator
from apps.accounts.models import Role
from apps.tenants.context import in_tenant
from apps.webhooks import masking
from apps.webhooks.models import Delivery, DeliveryAttempt, Webhook
from tests.api.conftest import script_of
from tests.webhooks.conftest import SYSTEM, Endpoint, happen

pytestmark = pytest.mark.django_db
ALL = "/console/settings/webhooks/"


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        ("https://a.example", "https://a.example/…", "https://a.example"),
        ("https://a.example/T0/X?k=1", "https://a.example/…", "https://a.example/T0/X?…"),
        ("http://a.example:81?k=1?", "http://a.example:81/…", "http://a.example:81?…"),
    ],
)
def test_what_is_left_of_a_url(url, path, query):
    assert masking.without_path(url) == masking.without_path(masking.without_path(url)) == path
    assert masking.without_query(url) == masking.without_query(masking.without_query(url)) == query


@pytest.fixture
def sent(alice, receiver):
    """A webhook that was sent one event, and the pages about it."""
    with in_tenant(alice.tenant):
        endpoint = Endpoint(receiver, url=f"{receiver.url}/CANARY-PATH?token=CANARY-QUERY")
        happen()
        endpoint.work()
        DeliveryAttempt.objects.update(url=endpoint.row.url)  # as they were kept before
        one = f"{endpoint.row.pk}/"
        delivery = f"{one}deliveries/{Delivery.objects.get().pk}/"
    assert receiver.received[0].path == "/hooks/CANARY-PATH?token=CANARY-QUERY"
    return one, delivery


def test_whoever_may_not_change_it_sees_where_it_leads_and_no_more(alice, bob, sent):
    one, delivery = sent
    with in_tenant(alice.tenant):
        add_administrator(bob.user, actor=SYSTEM, role=Role.READ_ONLY)
    script = script_of(bob)
    told = [bob.get(ALL + each) for each in ("", one, f"{one}settings/", delivery)]
    told += [script("GET", f"/webhooks/{each}") for each in ("", one, delivery)]
    assert {answer.status_code for answer in told} == {200}
    texts = [answer.content.decode() for answer in told]
    assert not [text for text in texts if "CANARY" in text]
    assert all("127.0.0.1" in text for text in texts)


def test_whoever_may_change_it_sees_it_and_of_an_attempt_all_but_the_query(alice, sent):
    """The negative control: the same pages tell."""
    one, delivery = sent
    assert "CANARY-PATH?token=CANARY-QUERY" in alice.get(f"{ALL}{one}settings/").content.decode()
    script = script_of(alice)
    assert script.get(f"/webhooks/{one}")["url"].endswith("CANARY-QUERY")
    page = alice.get(ALL + delivery).content.decode()
    (attempt,) = script.get(f"/webhooks/{delivery}")["tries"]
    for text in (page, attempt["url"]):
        assert "CANARY-PATH?…" in text
        assert "CANARY-QUERY" not in text


def test_an_attempt_does_not_keep_the_query(endpoint):
    Webhook.objects.update(url=f"{endpoint.receiver.url}?token=CANARY")
    happen()
    endpoint.work()
    assert DeliveryAttempt.objects.get().url == f"{endpoint.receiver.url}?…"
