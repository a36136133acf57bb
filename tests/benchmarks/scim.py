"""
What a SCIM request costs: `python -m tests.benchmarks.scim [--people 10000]`, with DATABASE_URL for PostgreSQL. Not a test: nothing fails here.

Three servers, each a process of its own over the same kind of database with the same people: the product, with all that it does (tenant,
token, event, outbox, version, request log); django-scim2 as its README wires it, behind a token that costs one query; and scim2-server over
one table of documents (tests/benchmarks/peers/). Requests go straight into each WSGI application. CPU seconds, rounds interleaved, medians:
the ratios mean something on any machine. A database server's own work is not counted, SQLite's is.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "ours": "tests.benchmarks.settings",
    "stock": "tests.benchmarks.peers.settings",
    "server": "tests.benchmarks.peers.settings",
}
MEMBERS = 5000


@dataclass
class Work:
    """`times` in a round: of ours and of the peers, of which some take long. `wanted` is against stock django-scim2."""

    key: str
    name: str
    times: int
    of_peers: int
    wanted: str = ""


WORKS = [
    Work("get", "GET a person", 60, 60, "1"),
    Work("filter", 'GET with userName eq "…"', 60, 60, "1"),
    # As many as SQLite takes to put its log into the file, or a round would have all of that or nothing.
    Work("create", "POST a person, no invitation", 90, 90, "1"),
    Work("patch_name", "PATCH a person's name", 30, 30),
    Work("patch_active", "PATCH active, off and on again", 30, 30),
    Work("first_page", "GET a page of 100 people", 6, 2, "10"),
    Work("middle_page", "GET a page of 100 in the middle", 6, 2, "10"),
    Work("last_page", "GET the last page of 100", 6, 2, "10"),
    Work("read_group", f"GET a group of {MEMBERS:,}", 3, 2, "10"),
    Work("add_member", f"PATCH one more member into {MEMBERS:,}", 10, 2, "10"),
]
GROWING = [
    Work("get", "GET a person", 60, 0),
    Work("filter", 'GET with userName eq "…"', 60, 0),
    Work("first_page", "GET a page of 100 people", 10, 0, "1.5"),
    Work("middle_page", "GET a page of 100 in the middle", 10, 0, "1.5"),
    Work("last_page", "GET the last page of 100", 10, 0, "1.5"),
]


class Process:
    """One side, asked by lines of JSON."""

    def __init__(self, name, popen):
        self.name, self._popen = name, popen
        self.vendor = json.loads(popen.stdout.readline())["ready"]

    def ask(self, **asked):
        self._popen.stdin.write(json.dumps(asked) + "\n")
        self._popen.stdin.flush()
        return json.loads(self._popen.stdout.readline())


@contextmanager
def running(name, people, members):
    command = [sys.executable, "-m", "tests.benchmarks.scim_side", name, str(people), str(members)]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": SETTINGS[name],
        "SIDE": name,
        "PYTHONPATH": str(ROOT),
    }
    popen = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Process(name, popen)
    finally:
        popen.stdin.close()
        popen.wait()


def main():
    options = parser().parse_args()
    people, members = options.people, min(MEMBERS, options.people // 2)
    with ExitStack() as stack:
        sides = [stack.enter_context(running(name, people, members)) for name in SETTINGS]
        print(
            f"{sides[0].vendor}, Python {sys.version.split()[0]}, {people:,} people, {options.rounds} rounds\n"
        )
        against_others(sides, people, members, options.rounds)
        growth(sides[0], members, people, options)


def against_others(sides, people, members, rounds):
    seconds = {(side.name, work.key): [] for side in sides for work in WORKS}
    for number in range(rounds + 1):  # the first only warms up
        for work in WORKS:
            for side in sides:
                times = work.times if side.name == "ours" else work.of_peers
                told = side.ask(people=people, members=members, work=work.key, times=times)
                if number:
                    seconds[side.name, work.key].append(told["seconds"])
    cost = {key: statistics.median(values) for key, values in seconds.items()}
    queries = {
        (side.name, work.key): side.ask(people=people, members=members, work=work.key)["queries"]
        for side in sides
        for work in WORKS
    }
    print(
        "| one of | ours: a second and core, queries | django-scim2 | scim2-server | ours / django-scim2 | ours / scim2-server | wanted |"
    )
    print("|---|---|---|---|---|---|---|")
    for work in WORKS:
        told = [f"{1 / cost[side.name, work.key]:,.0f}, {queries[side.name, work.key]}" for side in sides]
        ours, stock, server = (cost[side.name, work.key] for side in sides)
        wanted = f"{work.wanted} ×" if work.wanted else ""
        print(
            f"| {work.name} | {' | '.join(told)} | {stock / ours:.2f} × | {server / ours:.2f} × | {wanted} |"
        )


def growth(ours, members, people, options):
    """What the same request costs where there are more of them."""
    few, many = options.few, options.many
    sizes = {few: 10, many: 10}
    seconds = {(size, work.key): [] for size in sizes for work in GROWING}
    of_members = {members: [], 10: []}
    for number in range(options.rounds + 1):
        for work in GROWING:
            for size, inside in sizes.items():
                told = ours.ask(people=size, members=inside, work=work.key, times=work.times)
                if number:
                    seconds[size, work.key].append(told["seconds"])
        for size, where in ((members, people), (10, few)):
            told = [
                ours.ask(people=where, members=size, work=key, times=10)["seconds"]
                for key in ("add_member", "remove_member")
            ]
            if number:
                of_members[size].append(sum(told) / 2)
    print(
        f"\n| ours | CPU ms with {few:,} people | with {many:,} | ratio | queries | wanted |\n|---|---|---|---|---|---|"
    )
    for work in GROWING:
        low, high = (statistics.median(seconds[size, work.key]) for size in sizes)
        queries = [
            ours.ask(people=size, members=inside, work=work.key)["queries"] for size, inside in sizes.items()
        ]
        wanted = f"≤ {work.wanted}" if work.wanted else ""
        print(
            f"| {work.name} | {low * 1000:.2f} | {high * 1000:.2f} | {high / low:.2f} | {queries[0]}, {queries[1]} | {wanted} |"
        )
    small, large = statistics.median(of_members[10]), statistics.median(of_members[members])
    print(
        f"| PATCH one member, group of 10 and of {members:,} | {small * 1000:.2f} | {large * 1000:.2f} | {large / small:.2f} | | 1 |"
    )


def parser():
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--people", type=int, default=10000)
    made.add_argument("--rounds", type=int, default=7)
    made.add_argument("--few", type=int, default=1000)
    made.add_argument("--many", type=int, default=100_000)
    return made


if __name__ == "__main__":
    main()
