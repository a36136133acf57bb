from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.applications.actions import add_application, assign_group
from apps.applications.models import Application
from apps.directory.actions import add_group, add_member
from apps.directory.models import Group
from apps.lib import event_loop
from apps.outbox import relay
from apps.provisioning import engine
from apps.provisioning.models import Integration
from apps.tenants.context import in_tenant
from tests.fakes.scim_target import TOKEN, ScimTarget


@pytest.fixture
def engineering(alice: Any, bob: Any, system: Any) -> Group:
    """Bob is in it."""
    with in_tenant(alice.tenant):
        group = add_group(actor=system, name="Engineering", description="Everyone who ships code")
        add_member(group, bob.user, actor=system)
    return group


@pytest.fixture
def gitlab(alice: Any, engineering: Group, system: Any) -> Application:
    """Engineering opens it."""
    with in_tenant(alice.tenant):
        application = add_application(
            actor=system, connector="gitlab_saas", display_label="GitLab", parameters={"group_path": "acme"}
        )
        assign_group(application, engineering, actor=system)
    return application


@pytest.fixture
def target() -> Iterator[ScimTarget]:
    running = ScimTarget()
    yield running
    event_loop.close()  # keep-alive connections first: the server's threads wait for them
    running.stop()


# --- Identity Management of GitLab


@pytest.fixture
def path(gitlab: Application) -> str:
    return f"/console/applications/{gitlab.pk}/identity-management/"


@pytest.fixture
def work(alice: Any) -> Callable[[], None]:
    """The relay and the worker come by until nothing is due."""

    def run() -> None:
        with in_tenant(alice.tenant):
            while relay.drain():
                continue
            while engine.work(Integration.objects.get().pk):
                continue

    return run


@pytest.fixture
def active(alice: Any, path: str, target: ScimTarget, work: Callable[[], None]) -> ScimTarget:
    """GitLab, provisioned."""
    alice.post(f"{path}connection/", connection(target))
    work()
    return target


def connection(target: ScimTarget, **values: str) -> dict[str, str]:
    return {
        "base_url": target.base_url,
        "token": TOKEN,
        "deprovisioning": "suspend",
        "activate": "1",
    } | values


def integration(alice: Any) -> Any:
    with in_tenant(alice.tenant):
        return Integration.objects.filter().first()
