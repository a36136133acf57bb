"""Far above what identity providers send there is an end, for one source and for a while, and it costs a request nothing until then."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.scim import throttle
from apps.scim.models import RequestBudget
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FREE = int(throttle.FREE_PER_SECOND * throttle.SECONDS_OF_BURST)


@pytest.fixture
def slow(settings: Any) -> int:
    """As many requests as there are at once: 40 of the budget, and what a process grants by itself."""
    settings.SCIM_REQUESTS_PER_SECOND = 10
    return 40 + FREE


def until_refused(caller: Caller, most: int) -> int:
    for number in range(most):
        answer = caller("GET", "/ServiceProviderConfig")
        if answer.status_code == 429:
            assert int(answer["Retry-After"]) >= 1
            assert "Retry-After" in answer.json()["detail"]
            return number
    return most


def test_a_script_gone_wild_is_told_to_wait_and_then_goes_on(okta: Caller, entra: Caller, slow: int) -> None:
    with time_machine.travel(NOW, tick=False):
        assert until_refused(okta, slow + 10) == slow
        assert okta("POST", "/Users", {"userName": "x@acme.example"}).status_code == 429
        assert entra("GET", "/ServiceProviderConfig").status_code == 200  # another source is not held up
    with time_machine.travel(NOW + dt.timedelta(seconds=2), tick=False):
        assert until_refused(okta, slow) == 2 * 10 + 2 * throttle.FREE_PER_SECOND


def test_processes_share_one_budget(okta: Caller, slow: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(NOW, tick=False):
        assert until_refused(okta, slow + 10) == slow
        monkeypatch.setattr(throttle, "_shares", {})  # a process that has just started
        assert until_refused(okta, slow) == FREE


def test_a_quiet_source_costs_no_write(okta: Caller) -> None:
    okta("GET", "/ServiceProviderConfig")
    with CaptureQueriesContext(connection) as queries:
        for _ in range(FREE - 1):
            okta("GET", "/ServiceProviderConfig")
    written = [
        each["sql"] for each in queries if each["sql"].lstrip().upper().startswith(("INSERT", "UPDATE"))
    ]
    assert not [sql for sql in written if "requestbudget" in sql]
    with in_tenant(okta.tenant):
        assert not RequestBudget.objects.exists()
        throttle.take_from_budget(okta.source, 1)  # the control
        assert RequestBudget.objects.exists()


def test_what_identity_providers_send_is_never_refused(okta: Caller, settings: Any) -> None:
    """25 a second, for minutes, at the limit as it is shipped."""
    settings.SCIM_REQUESTS_PER_SECOND = 50
    with in_tenant(okta.tenant), time_machine.travel(NOW, tick=False) as clock:
        for number in range(25 * 120):
            throttle.count(okta.source)
            if number % 25 == 24:
                clock.shift(dt.timedelta(seconds=1))
