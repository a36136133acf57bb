from collections.abc import Callable
from typing import Any

import pytest

from apps.applications.actions import add_application, assign_group
from apps.applications.models import Application
from apps.directory.actions import add_group, add_member
from apps.directory.models import Group
from apps.events.actors import Actor
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.conftest import Person


@pytest.fixture
def engineering(bob: Person, system: Actor) -> Group:
    """Bob's group."""
    with in_tenant(bob.tenant):
        group = add_group(actor=system, name="Engineering")
        add_member(group, bob.user, actor=system)
    return group


@pytest.fixture
def give(engineering: Group, system: Actor) -> Callable[..., Application]:
    """`give("Wiki", bookmark_url=…)`: a new application that bob's group opens; `assigned=False` leaves that out, `ready=False` single sign-on."""

    def add(
        label: str,
        *,
        assigned: bool = True,
        ready: bool = True,
        connector: str = "custom_saml",
        **fields: Any,
    ) -> Application:
        with in_tenant(engineering.tenant):
            application = add_application(actor=system, connector=connector, display_label=label, **fields)
            if ready and connector == "custom_saml":
                site = f"https://{application.slug}.example"
                update_sso(
                    sso_of(application),
                    actor=system,
                    sp_entity_id=f"{site}/metadata",
                    acs_urls=[f"{site}/acs"],
                )
            if assigned:
                assign_group(application, engineering, actor=system)
        return application

    return add


@pytest.fixture
def expenses_sso(system: Actor) -> Callable[[Application], None]:
    """Fills in the other side's data: the application is ready for single sign-on."""

    def fill(application: Application) -> None:
        with in_tenant(application.tenant):
            update_sso(
                sso_of(application),
                actor=system,
                sp_entity_id="https://expenses.example/metadata",
                acs_urls=["https://expenses.example/acs"],
            )

    return fill


@pytest.fixture
def wiki(give: Callable[..., Application]) -> Application:
    return give("Wiki", connector="bookmark", bookmark_url="https://wiki.example/start?a=1&b=2")
