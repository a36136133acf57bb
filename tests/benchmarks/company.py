"""A tenant with one application and many people in the group that gives it, made in bulk: nothing is published before it is activated."""

import time
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group
from apps.directory.models import Membership, User
from apps.events.actors import Actor
from apps.provisioning import actions
from apps.provisioning.models import Integration, Job, JobState
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant

SYSTEM = Actor.system()
OWED = (JobState.PENDING, JobState.RUNNING)
CHUNK = 2000


@dataclass
class Company:
    tenant: Any
    application: Any
    group: Any
    integration: Any

    def add_people(self, names: list[str], *, members: bool = True) -> None:
        with in_tenant(self.tenant):
            for start in range(0, len(names), CHUNK):
                people = [_person(name) for name in names[start : start + CHUNK]]
                User.objects.bulk_create(people, batch_size=500)
                if members:
                    rows = [Membership(group=self.group, user=person) for person in people]
                    Membership.objects.bulk_create(rows, batch_size=500)
        _looked_at()

    def activate(self) -> float:
        """time.monotonic() when it was committed: from then on it is the workers' turn."""
        committed: list[float] = []
        with in_tenant(self.tenant), transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.monotonic()))
            actions.activate_integration(self.integration, actor=SYSTEM)
        return committed[0]

    def owed(self) -> int:
        with in_tenant(self.tenant):
            return int(Job.objects.filter(state__in=OWED).count())

    def done(self) -> int:
        with in_tenant(self.tenant):
            return int(Job.objects.filter(state=JobState.DONE).count())


def found_company(slug: str, base_url: str, width: int) -> Company:
    tenant = create_tenant(slug=slug, name=slug.title())
    with in_tenant(tenant):
        application = add_application(actor=SYSTEM, connector="custom_saml", display_label=slug)
        group = add_group(actor=SYSTEM, name="Everybody")
        assign_group(application, group, actor=SYSTEM)
        integration = actions.configure_integration(
            application, actor=SYSTEM, base_url=base_url, token="bench-token-0123456789"
        )
        Integration.objects.filter(pk=integration.pk).update(width=width)
        integration.refresh_from_db()
    return Company(tenant, application, group, integration)


def _looked_at() -> None:
    """People are there for longer than the minute within which PostgreSQL looks at a table that has changed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _person(name: str) -> User:
    person = User(
        username=name,
        email=f"{name}@bench.example",
        first_name=name,
        last_name="Example",
        job_title="Engineer",
        password="!",
    )
    person.fill_keys()
    return person
