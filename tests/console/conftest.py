from collections.abc import Iterator
from typing import Any

import pytest

from apps.applications.actions import add_application, assign_group
from apps.applications.models import Application
from apps.directory.actions import add_group, add_member
from apps.directory.models import Group
from apps.lib import event_loop
from apps.tenants.context import in_tenant
from tests.fakes.scim_target import ScimTarget


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
