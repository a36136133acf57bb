"""
How fast the provisioning engine is: `python -m tests.benchmarks.provisioning [--people 10000]`. Not a test: nothing fails here.

Compared are two ways to create the same accounts at the same target (tests/benchmarks/scim_target.py), in one run and with the same
number of requests under way:

- the ceiling: a bare keep-alive HTTP loop that sends each person's two requests, look-up and creation, and does nothing else
  (tests/benchmarks/bare_loop.py);
- the product: from the commit that activates Identity Management, with relay, claim, plan, the same two requests, and every account,
  attempt, job and event written down, until the last of them is.

The ratio is (people a second of the product) / (people a second of the ceiling); the ceiling is measured right before and right after,
and the mean of the two is taken, because a shared machine changes its pace. PostgreSQL flushes every commit to the disk; worker
and beat are processes as they are installed. Embedded means SQLite and the worker as threads of one process.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import processes

LATENCY = 0.1


def main():
    options = parser().parse_args()
    with ExitStack() as stack:
        target = stack.enter_context(processes.running_target())
        for name, place in places_of(options, stack).items():
            found = measure(target, name, place, options)
            show(name, found)


def places_of(options, stack):
    def folder():
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-bench-")))

    places = {}
    if "postgresql" in options.on:
        place = folder()
        places["PostgreSQL + Redis"] = (place, stack.enter_context(processes.postgresql_and_redis(place)))
    if "embedded" in options.on:
        place = folder()
        places["embedded"] = (
            place,
            {"DATABASE_URL": f"sqlite:///{place}/db.sqlite3", "DATA_DIR": str(place)},
        )
    return places


def latencies(options):
    return [0.0] if options.quick else [0.0, LATENCY]


def measure(target, name, place, options):
    """On one installation, in a process of its own that stands on it."""
    folder, servers = place
    work = []
    for latency in latencies(options):
        work.append((f"throughput {latency}", [options.people, latency]))
        if options.tasks and name != "embedded":
            few = options.tasks if latency == 0 else max(20, options.tasks // 20)
            work.append((f"task_each {latency}", [few, latency]))
    if options.changes:
        work.append(("delays", [options.changes]))
    memory = options.memory if name != "embedded" else []
    answer = folder / "answer.json"
    asked = {
        "target": target.origin,
        "width": options.width,
        "folder": str(folder),
        "answer": str(answer),
        "work": work,
        "memory": memory,
    }
    command = [*processes.PYTHON, "tests.benchmarks.engine_run", json.dumps(asked)]
    subprocess.run(command, cwd=processes.ROOT, env=processes.environment(**servers), check=True)
    return json.loads(answer.read_text())


def show(name, found):
    print(f"\n| {name} | people a second | of the ceiling |\n|---|---|---|")
    for key, told in found.items():
        kind, _, latency = key.partition(" ")
        if kind in KINDS:
            rate, ceiling = told["people"] / told["seconds"], told["people"] / statistics.mean(told["bare"])
            print(
                f"| {KINDS[kind]}, {words(float(latency))} | {rate:,.0f} | {rate / ceiling:.2f} of {ceiling:,.0f} |"
            )
    print("\n| | | |\n|---|---|---|")
    if "delays" in found:
        seconds = sorted(found["delays"]["seconds"])
        p95 = seconds[int(0.95 * (len(seconds) - 1))]
        middle = statistics.median(seconds)
        print(
            f"| commit to request, {len(seconds)} changes | median {middle:.3f} s | 95 % within {p95:.3f} s |"
        )
    for key, told in found.items():
        if "nothing" in told:
            idle = told["nothing"]
            print(
                f"| {told['people']:,} people compared, nothing differs | {idle['seconds']:.1f} s, of it {idle['cpu']:.1f} s CPU here | "
                f"{idle['statements']} statements, {idle['requests']} requests |"
            )
        if key.startswith("memory"):
            print(f"| largest worker process, {told['people']:,} people | {told['mib']:.0f} MiB | |")


KINDS = {"throughput": "the product", "task_each": "one Celery task for each person"}


def words(latency):
    return f"{latency * 1000:.0f} ms" if latency else "no latency"


def parser():
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--people", type=int, default=10000)
    made.add_argument("--width", type=int, default=32)
    made.add_argument(
        "--on", nargs="*", choices=["postgresql", "embedded"], default=["postgresql", "embedded"]
    )
    made.add_argument(
        "--tasks", type=int, default=2000, help="people of the negative example; 0: leave it out"
    )
    made.add_argument("--changes", type=int, default=60, help="membership changes that are timed; 0: none")
    made.add_argument(
        "--memory", type=int, nargs="*", default=[], help="numbers of people, for example 1000 100000"
    )
    made.add_argument("--quick", action="store_true", help="without latency only")
    return made


if __name__ == "__main__":
    main()
