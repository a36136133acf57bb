import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.applications.actions import add_application, assign_group
from apps.directory import actions as directory
from apps.lib import event_loop
from apps.outbox import relay
from apps.provisioning import actions, engine, tasks
from apps.provisioning.models import Integration, Job, RemoteUser
from tests.fakes.scim_target import TOKEN, ScimTarget


@pytest.fixture
def target() -> Iterator[ScimTarget]:
    running = ScimTarget()
    yield running
    event_loop.close()  # keep-alive connections first: the server's threads wait for them
    running.stop()


@pytest.fixture(autouse=True)
def silent_bell(monkeypatch):
    """Nobody rings: each test says when the relay and the worker come by. Holds (tenant, integration) of every ring."""
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr(tasks, "ring", lambda *ids: rung.append(ids))
    monkeypatch.setattr("apps.outbox.publish.ring", lambda tenant_id: None)
    return rung


@pytest.fixture(autouse=True)
def _eager(settings):
    settings.SETTLE_SECONDS = 0


class Company:
    """One tenant with one application, told in sentences."""

    def __init__(self, actor: Any, target: ScimTarget) -> None:
        self.actor, self.target = actor, target
        self.application: Any = None

    def application_of(self, connector: str = "custom_saml", **parameters: str) -> Any:
        self.application = add_application(
            actor=self.actor, connector=connector, display_label="Target", parameters=parameters
        )
        return self.application

    def activate(self, **options: Any) -> Integration:
        if self.application is None:
            self.application_of()
        integration = actions.configure_integration(
            self.application, actor=self.actor, base_url=self.target.base_url, token=TOKEN, **options
        )
        return actions.activate_integration(integration, actor=self.actor)

    def group(self, name: str, *members: Any, bound: bool = True) -> Any:
        group = directory.add_group(actor=self.actor, name=name)
        directory.add_members(group, members, actor=self.actor)
        if bound:
            assign_group(self.application, group, actor=self.actor)
        return group

    def person(self, username: str, **fields: str) -> Any:
        fields = {"first_name": username.title(), "last_name": "Example"} | fields
        email = fields.pop("email", f"{username}@example.com")
        return directory.add_user(actor=self.actor, username=username, email=email, **fields)

    @property
    def integration(self) -> Integration:
        return Integration.objects.get(application=self.application)

    def relay(self) -> None:
        while relay.drain():
            continue

    def work(self) -> None:
        """The relay and the worker come by until nothing is due."""
        self.relay()
        while engine.work(self.integration.pk):
            continue

    def job(self, resource: Any) -> Job:
        return Job.objects.get(resource_id=resource.pk)

    def remote(self, person: Any) -> RemoteUser:
        return RemoteUser.objects.get(user_id=person.pk)


@pytest.fixture
def company(inside, system, target) -> Company:
    return Company(system, target)


@pytest.fixture
def staffed(company) -> Callable[..., Any]:
    """An active integration with mia in the bound group Engineering, provisioned; the journal begins afterwards."""

    def ready(
        connector: str = "custom_saml", parameters: dict[str, str] | None = None, **options: Any
    ) -> Any:
        company.application_of(connector, **(parameters or {}))
        company.mia = company.person("mia")
        company.engineering = company.group("Engineering", company.mia)
        company.activate(**options)
        company.work()
        company.target.journal.clear()
        return company

    return ready


def later(**span: float) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(**span))


def joins(company: Company, *usernames: str, **fields: str) -> list[Any]:
    """New people, already members of Engineering."""
    people = [company.person(username, **fields) for username in usernames]
    directory.add_members(company.engineering, people, actor=company.actor)
    return people
