"""
`python -m tests.benchmarks.events [write|read]`: what the event log costs, on PostgreSQL and on SQLite. Without a word both; not a test.

`read` is event_reading.py. `write` is whether those who record events wait for each other:

each transaction records one event and then has other work to do for twenty milliseconds, as a request has that calls, computes or waits. Where
writers do not wait for each other, eight make eight times as many as one. Beside them the sealer runs as in production. The control is
what a chain without a sealer would be: each writer holds the end of the chain to the end of its transaction.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from tests import services

WORK = 0.02  # seconds in each transaction, besides recording
WRITERS = (1, 8)


def prepare():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from apps.tenants.actions import create_tenant

    return create_tenant(slug="acme", name="Acme")


def write(tenant, ends, counts, *, in_turn):
    """Until `ends`, by time.monotonic(); the number of events is appended to `counts`."""
    from django.db import connection, transaction

    from apps.events.actions import record
    from apps.events.actors import Actor, Target
    from apps.events.chain import hold_chain
    from apps.events.types import EventType
    from apps.tenants.context import in_tenant

    actor, target, made = Actor("person", "1", "mia", "192.0.2.1", "Firefox"), Target("user", "1", "Mia"), 0
    with in_tenant(tenant):
        while time.monotonic() < ends:
            with transaction.atomic():
                if in_turn:
                    hold_chain()
                record(EventType.USER_UPDATE, actor=actor, target=target)
                time.sleep(WORK)
            made += 1
    counts.append(made)
    connection.close()


def seal_beside(tenant, ends):
    from django.db import connection

    from apps.events import chain
    from apps.tenants.context import in_tenant

    with in_tenant(tenant):
        while time.monotonic() < ends:
            chain.seal()
            time.sleep(0.5)
    connection.close()


def events_a_second(tenant, writers, seconds, *, in_turn=False):
    ends, counts = time.monotonic() + seconds, []
    threads = [
        threading.Thread(target=write, args=(tenant, ends, counts), kwargs={"in_turn": in_turn})
        for _ in range(writers)
    ]
    if not in_turn:
        threads.append(threading.Thread(target=seal_beside, args=(tenant, ends)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def measured(seconds):
    """On the database of this process: {writers: events a second}, the same in turn, and the ratios."""
    tenant = prepare()
    told = {}
    for name, in_turn in (("recorded", False), ("in turn", True)):
        rates = {writers: events_a_second(tenant, writers, seconds, in_turn=in_turn) for writers in WRITERS}
        told[name] = {f"{writers}": round(rate, 1) for writers, rate in rates.items()}
        told[name]["ratio"] = round(rates[8] / rates[1], 2)
    return told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", choices=["write", "read"])
    parser.add_argument("--seconds", type=float, default=4.0, help="for each measurement of writing")
    parser.add_argument("--rounds", type=int, default=7, help="of reading")
    parser.add_argument("--on", choices=["postgresql", "sqlite"], help="That database alone.")
    parser.add_argument("--keep", type=Path, help="A folder for what is read, so that the next run finds it.")
    parser.add_argument(
        "--here",
        action="store_true",
        help="Writing alone, on the database of DATABASE_URL, in this process.",
    )
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measured(options.seconds)))
        return
    write = [sys.executable, "-m", "tests.benchmarks.events", "--here", f"--seconds={options.seconds}"]
    read = [sys.executable, "-m", "tests.benchmarks.event_reading", str(options.rounds)]
    parts = {"write": [write], "read": [read], None: [write, read]}[options.part]
    for name in [options.on] if options.on else ("postgresql", "sqlite"):
        for command in parts:
            print(name, flush=True)
            on_database(name, command, options.keep if command is read else None)


def on_database(name, command, keep):
    """A database of its own for each part, which is gone afterwards, unless there is a folder to keep it."""
    with ExitStack() as started:
        folder = keep / name if keep else Path(started.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        url = f"sqlite:///{folder.resolve()}/events.sqlite3"
        if name == "postgresql":
            url = started.enter_context(services.postgresql(folder))
        subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=True)


if __name__ == "__main__":
    main()
