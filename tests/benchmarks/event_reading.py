"""
The reading part of `python -m tests.benchmarks.events`. Alone: `python -m tests.benchmarks.event_reading [rounds]`, with DATABASE_URL for
PostgreSQL. Not a test: nothing fails here.

What looking into the log costs with ten thousand events and with a million, in one table of one database, interleaved. It is one
organisation at two ages: as much happens in both, and the newest ten thousand events are alike, so that pages show as many rows; the
large one has ninety days before them. So a ratio is what older lines cost, and not what more rows on a page do.

CPU seconds of this process and, on PostgreSQL, of the server's process that works for it; whoever else uses the machine takes none of
them. The events are written by one statement, with the columns that a real one has.
"""

import os
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import clear_script_prefix
from django.utils import timezone

from apps.accounts.actions import add_administrator
from apps.accounts.models import Administrator, Role
from apps.api.actions import add_api_key
from apps.console.pages import PAGE_SIZE
from apps.directory.actions import add_user
from apps.directory.models import User
from apps.events.actions import recorded
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.moments import in_utc
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from tests.benchmarks.clock import Work, measure
from tests.benchmarks.world import World

SMALL, LARGE = 10_000, 1_000_000
DAYS = 90
PERSON = "00000000-0000-4000-8000-000000000007"
APPLICATION = "00000000-0000-4000-9000-000000000003"

# By the number of the event, n, from 1 (the newest): what SQLite and PostgreSQL both understand.
VALUES = {
    "type": "CASE WHEN n % 200 = 0 THEN 'admin_create' WHEN n % 251 = 101 THEN 'user_suspended' WHEN n % 4 = 0 THEN 'sso_auth' WHEN n % 4 = 1 THEN 'user_login_attempt' ELSE 'user_update_provision' END",
    "success": "n % 50 <> 7",
    "actor_kind": "'person'",
    "actor_id": "'00000000-0000-4000-8000-' || {twelve}",
    "actor_name": "'person' || (n % 500)",
    "target_kind": "'user'",
    "target_id": "'00000000-0000-4000-8000-' || {twelve_of_seven}",
    "target_name": "'person' || (n * 7 % 500)",
    "application_id": "'00000000-0000-4000-9000-' || {twelve_of_application}",
    "application_name": "'Application ' || (n % 20)",
    "client_ip": "'10.0.0.' || (n % 200)",
    "error_message": "CASE WHEN n % 50 = 7 THEN 'Refused for reason ' || (n % 977) ELSE '' END",
}
SQLITE = {
    "series": "(WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series LIMIT {count}) SELECT n FROM series)",
    "id": "lower(hex(randomblob(16)))",
    "created_at": "strftime('%%Y-%%m-%%d %%H:%%M:%%f000', {newest} - n * {apart}, 'unixepoch')",
    "twelve": "printf('%%012d', {})",
}
POSTGRESQL = {
    "series": "generate_series(1, {count}) AS series(n)",
    "id": "gen_random_uuid()",
    "created_at": "to_timestamp({newest} - n * {apart})",
    "twelve": "lpad(({})::text, 12, '0')",
}

SEARCHES = {
    "the first page": "",
    "one type, rare": "type=admin_create",
    "one type, frequent": "type=sso_auth",
    "three types": "type=admin_create&type=sso_auth&type=user_login_attempt",
    "a service of frequent types": "service=sso",
    "a service of a rare type": "service=directory&type=admin_create",
    "a service without a line": "service=console",
    "failures": "result=failure",
    "a person": f"person={PERSON}",
    "an actor": f"actor={PERSON}",
    "an address": "address=10.0.0.9",
    "a person's failures": f"person={PERSON}&result=failure",
    "a person's lines of one type": f"person={PERSON}&type=user_login_attempt",
    "a word in many lines": "q=refused",
    "a word in none": "q=neverwritten",
    "a person's failures with a word": f"person={PERSON}&result=failure&q=reason",
    "an address's failures": "address=10.0.0.107&result=failure",
}
ASKED = {
    "REST: a page of 50": "",
    "REST: count of all, a hundred thousand at most": "count/",
    "REST: count of a type": "count/?event_type=sso_auth",
    "REST: types of a person's lines": f"distinct/?field=event_type&user={PERSON}",
    "REST: days of a type": "interval/?event_type=sso_auth",
    "REST: hours of all, in Berlin": "interval/?interval_unit=h&timezone=Europe/Berlin",
}
RECEIPTS = {
    "receipts": "console/receipts/",
    "receipts of a name": "console/receipts/?q=person17",
    "receipts of a name that nobody had": "console/receipts/?q=neverwritten",
}
RECEIPTS_ASKED = {
    "REST: receipts": "",
    "REST: receipts of a name": "?q=person17",
    "REST: receipts of a person": f"?user={PERSON}",
}


@dataclass
class Log:
    """An organisation with so many events, and its owner's browser."""

    count: int
    world: World
    key: str = ""  # of the API
    deep: str = ""  # the event before page 1,000, or before the last full page
    lately: str = ""  # when the third last event was
    newest: datetime | None = None  # of those that were written in one go
    works: list[Work] = field(default_factory=list)


def read(rounds):
    call_command("migrate", verbosity=0)
    logs = [furnished(f"with-{count}", count) for count in (SMALL, LARGE)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE events_event")  # which autovacuum does within a minute
            cursor.execute("SET max_parallel_workers_per_gather = 0")  # whose CPU nobody would count
    report(*logs, rounds)


def furnished(slug, count):
    tenant = Tenant.objects.filter(slug=slug).first()  # from a run before
    if tenant is None:
        print(f"{count:,} events …", file=sys.stderr)
        tenant = create_tenant(slug=slug, name="Acme Robotics")
        with in_tenant(tenant):
            peopled(count)
    with in_tenant(tenant):
        user = User.objects.get(username="alice")
        owner = Administrator.objects.get(user=user)
        key = add_api_key(actor=Actor.system(), owner=owner, name="Script")[1]
        client = Client()
        client.force_login(user, backend="apps.accounts.backends.TenantBackend")
        far = min(999 * PAGE_SIZE, count - 2 * PAGE_SIZE)
        newest = Event.objects.filter(type="sso_auth")[0].created_at
        deep, lately = str(Event.objects.all()[far].pk), Event.objects.all()[2].created_at.isoformat()
    clear_script_prefix()
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return Log(count, World(tenant, None, user, cookie), key, deep, lately, newest)


def peopled(count):
    user = add_user(
        actor=Actor.system(),
        username="alice",
        email="alice@acme.example",
        first_name="Alice",
        last_name="Example",
    )
    add_administrator(user, actor=Actor.system(), role=Role.OWNER)
    pattern = recorded(
        EventType.USER_UPDATE,
        actor=Actor("person", PERSON, "person7"),
        target=Target("user", PERSON, "person7"),
    )
    write(pattern, count)


def write(pattern, count):
    """As `pattern` in what VALUES does not say, so that a column which is added later needs no line here."""
    words = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    apart = DAYS * 86400 / LARGE
    twelve = {
        "twelve": words["twelve"].format("n % 500"),
        "twelve_of_seven": words["twelve"].format("n * 7 % 500"),
        "twelve_of_application": words["twelve"].format("n % 20"),
    }
    values = {name: value.format(**twelve) for name, value in VALUES.items()}
    values["id"] = words["id"]
    values["created_at"] = words["created_at"].format(newest=timezone.now().timestamp(), apart=apart)
    columns = [each.column for each in Event._meta.local_concrete_fields if not each.generated]
    chosen = ", ".join(values.get(column, f"pattern.{column}").replace("%%", "%") for column in columns)
    series = words["series"].format(count=count)
    statement = f"INSERT INTO events_event ({', '.join(columns)}) SELECT {chosen} FROM {series}, (SELECT * FROM events_event WHERE id = '{{}}') AS pattern"
    key = str(pattern.pk) if connection.vendor == "postgresql" else pattern.pk.hex
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{}", key))


def report(small, large, rounds):
    server = server_process()
    for log in (small, large):
        searches = SEARCHES | {
            "page 1,000, or the last": f"after={log.deep}",
            "what is new, live": f"live=1&newer={quote(log.lately)}",
            "the last hour": f"since={since(log, hours=1)}",
            "the last 24 hours": f"since={since(log, hours=24)}",
        }
        base = log.world.path("console/events/")
        log.works = [
            Look(name, looker(log.world, f"{base}?{query}"), 3, server=server)
            for name, query in searches.items()
        ]
        log.works += [
            Look(name, looker(log.world, log.world.path(path)), 3, server=server)
            for name, path in RECEIPTS.items()
        ]
        asked = {name: f"events/{path}" for name, path in ASKED.items()}
        asked |= {name: f"receipts/{path}" for name, path in RECEIPTS_ASKED.items()}
        log.works += [
            Look(name, asker(log, f"api/v1/{path}"), 3, server=server) for name, path in asked.items()
        ]
    measure([work for pair in zip(small.works, large.works, strict=True) for work in pair], rounds)
    print(
        f"{connection.vendor}, Python {sys.version.split()[0]}, Django {django.get_version()}, {rounds} rounds\n"
    )
    print("| one look | 10,000 events, CPU ms | 1,000,000 | ratio | wanted |\n|---|---|---|---|---|")
    for few, many in zip(small.works, large.works, strict=True):
        print(
            f"| {few.name} | {few.cost * 1000:.1f} | {many.cost * 1000:.1f} | {many.cost / few.cost:.2f} | 1.5 |"
        )


def since(log, **span):
    """As the page has it; by the log's own clock, so that a log that was kept has a last hour too."""
    return quote(in_utc(log.newest - timedelta(**span)))


def looker(world, address):
    def run(times):
        for _ in range(times):
            world.get(address)

    return run


def asker(log, path):
    """As a script with a key asks."""
    address, client = (
        f"/t/{log.world.tenant.slug}/{path}",
        Client(headers={"Authorization": f"Bearer {log.key}"}),
    )

    def run(times):
        for _ in range(times):
            answer = client.get(address)
            assert answer.status_code == 200, answer.content

    return run


@dataclass
class Look(Work):
    """With the CPU of the database's own process."""

    server: int = 0

    def round(self):
        before = cpu_of(self.server)
        super().round()
        self.seconds[-1] += (cpu_of(self.server) - before) / self.count


def server_process():
    """Of this connection; 0 for SQLite, whose work is our own."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def cpu_of(process):
    """Seconds, in nanoseconds' steps (Linux)."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9 if process else 0.0


if __name__ == "__main__":
    read(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
