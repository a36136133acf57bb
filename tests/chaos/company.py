"""What a storm is about: one tenant, its groups, and applications with a failing target behind each."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max
from django.utils import timezone

from apps.applications.actions import add_application, assign_group
from apps.directory import actions as directory
from apps.directory.models import Membership, User
from apps.events.actors import Actor
from apps.outbox.models import Entry
from apps.provisioning import actions, removal_decisions
from apps.provisioning.models import Integration, IntegrationState, Job, JobState
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant
from tests.chaos.servers import Stage

SYSTEM = Actor.system()
UNSETTLED = (JobState.PENDING, JobState.RUNNING, JobState.HELD)


@dataclass
class Company:
    tenant: Any
    stage: Stage
    applications: dict[str, Any] = field(default_factory=dict)
    bound: dict[str, set[str]] = field(default_factory=dict)  # application → keys of groups
    groups: dict[str, Any] = field(default_factory=dict)

    def add_group(self, key: str) -> Any:
        with in_tenant(self.tenant):
            self.groups[key] = directory.add_group(actor=SYSTEM, name=key)
        return self.groups[key]

    def add_application(self, name: str, groups: set[str], **target: Any) -> Any:
        """With a target of the same name, not active yet."""
        place = self.stage.targets.start(name, **target)
        with in_tenant(self.tenant):
            application = add_application(actor=SYSTEM, connector="custom_saml", display_label=name)
            actions.configure_integration(
                application,
                actor=SYSTEM,
                base_url=place["base_url"],
                token=place["token"],
                manage_groups=True,
            )
            for key in groups:
                assign_group(application, self.groups[key], actor=SYSTEM)
        self.applications[name], self.bound[name] = application, groups
        return application

    def add_people(self, group: str, names: list[str]) -> None:
        """In bulk and past the actions, for a backlog: nothing is published, so whoever activates next raises them all."""
        with in_tenant(self.tenant):
            people = [
                User(username=name, email=f"{name}@storm.example", first_name=name, last_name="Example")
                for name in names
            ]
            for person in people:
                person.set_unusable_password()
                person.fill_keys()
            User.objects.bulk_create(people, batch_size=1000)
            rows = [Membership(group=self.groups[group], user=person) for person in people]
            Membership.objects.bulk_create(rows, batch_size=1000)

    def activate(self, *names: str) -> None:
        """All of them where none is named."""
        with in_tenant(self.tenant):
            for application in [self.applications[name] for name in names or self.applications]:
                integration = Integration.objects.get(application=application)
                actions.activate_integration(integration, actor=SYSTEM)

    def approve_removals(self) -> int:
        """What an administrator would do; a storm removes more than the guard lets through at once."""
        with in_tenant(self.tenant):
            held = Job.objects.filter(state=JobState.HELD).values("integration")
            waiting = Integration.objects.filter(state=IntegrationState.ACTIVE, pk__in=held)
            return sum(
                removal_decisions.approve_removals(integration, actor=SYSTEM) for integration in waiting
            )

    def backlog(self) -> tuple[int, int]:
        """(outbox entries, jobs) that are not done."""
        with in_tenant(self.tenant):
            return Entry.objects.count(), Job.objects.filter(state__in=UNSETTLED).count()

    def longest_wait(self) -> float:
        """Seconds until the last of what is owed is due."""
        with in_tenant(self.tenant):
            latest = Job.objects.filter(state=JobState.PENDING).aggregate(latest=Max("next_at"))["latest"]
        return max(0.0, (latest - timezone.now()).total_seconds()) if latest else 0.0


def found_company(stage: Stage, slug: str = "storm", *, mistake: str = "") -> Company:
    """`mistake` is one of tests/chaos/mistakes.py."""
    return Company(create_tenant(slug=slug, name=mistake or slug.title()), stage)
