"""
One installation and everything that is measured on it: started by tests/benchmarks/provisioning.py, which says with its environment
where the database and the broker are. Without a broker the embedded worker runs in this process.
"""

import json
import os
import random
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.directory.actions import add_members
from apps.directory.models import User
from apps.events.models import Event
from apps.provisioning.models import Attempt, Comparison, RemoteUser
from apps.provisioning.nightly import comparing
from apps.tenants.context import in_tenant
from tests.benchmarks import processes
from tests.benchmarks.company import SYSTEM, found_company

PATIENCE = 900.0


class Run:
    def __init__(self, target, width, folder):
        self.target, self.width, self.folder = target, width, folder

    @contextmanager
    def workers(self, concurrency=2):
        """Yields the process id of the worker; that of this process where it is embedded."""
        if not settings.REDIS_URL:
            from portal.celery import app
            from portal.embedded import Embedded

            embedded = Embedded(app)
            embedded.start()
            try:
                yield os.getpid()
            finally:
                embedded.stop()
            return
        with ExitStack() as stack:
            worker = processes.celery("worker", self.folder, f"--concurrency={concurrency}")
            pid = stack.enter_context(worker).pid
            beat = processes.celery("beat", self.folder, f"--schedule={self.folder / 'beat'}", "--pidfile=")
            stack.enter_context(beat)
            wait_until(answers, "the worker")
            yield pid

    def throughput(self, slug, people, latency):
        """Seconds from the commit of the activation until the last account is written down, and of the bare loop before and after."""
        bare = [self.bare(people, latency)]
        company = self.company(slug, people, latency)
        began = company.activate()
        wait_until(lambda: self.target.meter()["created"] >= people, "the accounts", 0.1)
        wait_until(lambda: company.done() >= people, "the records", 0.05)
        seconds = time.monotonic() - began
        meter = self.target.meter()
        check(company, people)
        told = {"people": people, "seconds": seconds, **meter, "nothing": self.compare(company, people)}
        return told | {"bare": [*bare, self.bare(people, latency)]}

    def compare(self, company, people):
        """The nightly comparison where nothing differs, in this process: CPU seconds here, statements, requests."""
        asked = self.target.meter()["requests"]
        with in_tenant(company.tenant), Counting() as counting:
            Comparison.objects.update_or_create(
                integration=company.integration, defaults={"next_at": timezone.now()}
            )
            began, cpu = time.monotonic(), time.process_time()
            while comparing.work(company.integration.pk):
                continue
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
            ended = Comparison.objects.get(integration=company.integration)
        if (ended.last_compared, ended.last_differed) != (people, 0):
            raise RuntimeError(f"{ended.last_compared} compared, {ended.last_differed} differed")
        requests = self.target.meter()["requests"] - asked
        return {"seconds": seconds, "cpu": cpu, "statements": counting.statements, "requests": requests}

    def task_each(self, slug, people, latency):
        from tests.benchmarks.task_each import provision

        bare = [self.bare(people, latency)]
        company = self.company(slug, people, latency)
        with in_tenant(company.tenant):
            ids = list(User.objects.values_list("pk", flat=True))
        began = time.monotonic()
        for user_id in ids:
            provision.delay(str(company.tenant.pk), str(company.integration.pk), str(user_id))
        with in_tenant(company.tenant):
            wait_until(lambda: RemoteUser.objects.count() >= people, "the tasks", 0.1)
        seconds = time.monotonic() - began
        return {"people": people, "seconds": seconds, "bare": [*bare, self.bare(people, latency)]}

    def bare(self, people, latency):
        return processes.bare_loop(self.target, people, self.width, latency)

    def company(self, slug, people, latency):
        self.target.anew(latency)
        company = found_company(slug, self.target.base_url, self.width)
        company.add_people([f"{slug}{number}" for number in range(people)])
        return company

    def delays(self, slug, changes):
        """Seconds from the commit of each membership to the arrival of the first request about it."""
        self.target.anew(0)
        company = found_company(slug, self.target.base_url, self.width)
        names = [f"{slug}{number}" for number in range(changes)]
        company.add_people(names, members=False)
        company.activate()
        found = []
        with in_tenant(company.tenant):
            people = {person.username: person for person in User.objects.all()}
        wait_until(lambda: company.owed() == 0, "the activation")
        for name in names:
            time.sleep(random.uniform(0.1, 0.4))
            with in_tenant(company.tenant):
                add_members(company.group, [people[name]], actor=SYSTEM)
            committed = time.time()
            wait_until(lambda: self.target.seen(name), f"{name}'s request", 0.02)  # noqa: B023 - called at once
            found.append(self.target.seen(name) - committed)
            wait_until(lambda: company.owed() == 0, "the record")
        return {"seconds": found}

    def memory(self, slug, people):
        """The largest resident size, in MiB, of any process of a fresh worker that has provisioned so many."""
        with self.workers(concurrency=1) as pid:
            company = self.company(slug, people, 0)
            company.activate()
            wait_until(lambda: self.target.meter()["created"] >= people, "the accounts", 1.0)
            wait_until(lambda: company.owed() == 0, "the records")
            check(company, people)
            return {"people": people, "mib": max(map(peak_mib, [pid, *children(pid)]))}


class Counting:
    """Statements of this thread."""

    def __enter__(self):
        self.statements = 0
        self.wrapper = connection.execute_wrapper(self.count)
        self.wrapper.__enter__()
        return self

    def __exit__(self, *error):
        self.wrapper.__exit__(*error)

    def count(self, execute, *statement):
        self.statements += 1
        return execute(*statement)


def check(company, people):
    """Everything that is promised about them is on record."""
    with in_tenant(company.tenant):
        told = Event.objects.filter(type="user_create_provision").count()
        found = (RemoteUser.objects.count(), Attempt.objects.count(), told)
    if found != (people, people, people):
        raise RuntimeError(f"accounts, attempts, events: {found}, and {people} people")


def answers():
    from portal.celery import app

    return app.control.ping(timeout=1)


def wait_until(ask, what, every=0.05):
    ends = time.monotonic() + PATIENCE
    while not ask():
        if time.monotonic() > ends:
            raise TimeoutError(what)
        time.sleep(every)


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *children(int(child))]
    return found


def peak_mib(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(peak) / 1024


def main(asked):
    call_command("migrate", verbosity=0)
    run = Run(processes.Target(asked["target"]), asked["width"], Path(asked["folder"]))
    results = {}
    if asked["work"]:
        with run.workers():
            for number, (name, arguments) in enumerate(asked["work"]):
                results[name] = getattr(run, name.partition(" ")[0])(f"bench{number}", *arguments)
    for people in asked["memory"]:
        results[f"memory {people}"] = run.memory(f"memory{people}", people)
    Path(asked["answer"]).write_text(json.dumps(results))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
