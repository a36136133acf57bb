"""scim2-tester, which nobody here wrote, reads the schemas and then tries every attribute of every resource by every method."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from apps.directory.models import Group, User
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller


@pytest.fixture
def program(okta: Caller) -> Iterator[WSGISCIMClient]:
    """The application without a network, inside the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGISCIMClient(
        WSGIHandler(), "http://127.0.0.1/t/acme/scim/v2", headers={"Authorization": f"Bearer {okta.secret}"}
    )
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def told(result: Any) -> str:
    return f"{result.status.name} {result.title}: {result.reason}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "least"), [("User", 75), ("Group", 20)])
def test_not_one_of_its_checks_is_an_error(
    okta: Caller, program: WSGISCIMClient, kind: str, least: int
) -> None:
    """On an empty tenant: it reads only the first page of a list."""
    results = check_server(program, resource_types=[kind])
    wrong = [told(each) for each in results if each.status in {Status.ERROR, Status.CRITICAL}]
    assert not wrong, "\n".join(wrong)
    passed = [each for each in results if each.status == Status.SUCCESS]
    assert len(passed) >= least, len(passed)
    tags = {tag for each in passed for tag in each.tags}
    assert {"crud:create", "crud:read", "crud:update", "crud:delete", "discovery", "misc"} <= tags
    with in_tenant(okta.tenant):  # it cleans up after itself
        assert not Group.objects.exists()
        assert not User.objects.filter(active=True).exists()
