"""
How soon and how fast webhooks are: `python -m tests.benchmarks.webhooks [--events 500]`. Not a test: nothing fails here.

- The delay: from the commit that wrote an event until its request is at the receiver (tests/benchmarks/webhook_receiver.py), a change
  every 0.1 to 0.4 s.
- The rate: events of one commit, until the last of them is on record as delivered, by one endpoint, which gets one at a time in order;
  against a bare loop that posts the same bodies over one connection that is kept, to the same receiver, in the same run. The ratio is
  of the two rates; the two take turns, and the median round is told.

PostgreSQL flushes every commit to the disk; receiver, worker and beat are processes of their own. Embedded means SQLite and the
worker as threads of one process.
"""

import argparse
import json
import statistics
import subprocess
from contextlib import ExitStack, contextmanager

from tests.benchmarks import processes
from tests.benchmarks.provisioning import places_of


def main():
    options = parser().parse_args()
    with ExitStack() as stack:
        receiver = stack.enter_context(running_receiver())
        for name, (folder, servers) in places_of(options, stack).items():
            show(name, measure(receiver, folder, servers, options))


def measure(receiver, folder, servers, options):
    answer = folder / "answer.json"
    asked = {"receiver": receiver, "folder": str(folder), "answer": str(answer)}
    asked |= {"delays": options.delays, "events": options.events, "rounds": options.rounds}
    command = [*processes.PYTHON, "tests.benchmarks.webhook_run", json.dumps(asked)]
    subprocess.run(command, cwd=processes.ROOT, env=processes.environment(**servers), check=True)
    return json.loads(answer.read_text()) | {"events": options.events}


@contextmanager
def running_receiver():
    command = [*processes.PYTHON, "tests.benchmarks.webhook_receiver"]
    environment = processes.environment()
    process = subprocess.Popen(
        command, cwd=processes.ROOT, env=environment, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def show(name, found):
    delays = sorted(found["delays"])
    p95 = delays[int(0.95 * (len(delays) - 1))]
    print(f"\n| {name} | |\n|---|---|")
    print(
        f"| commit to request, {len(delays)} events | median {statistics.median(delays):.3f} s, 95 % within {p95:.3f} s |"
    )
    ratio, seconds, ceiling = sorted((bare / ours, ours, bare) for ours, bare in found["rounds"])[
        len(found["rounds"]) // 2
    ]
    rate, most = found["events"] / seconds, found["events"] / ceiling
    print(f"| deliveries a second, one endpoint | {rate:,.0f}, {ratio:.3f} of the bare loop's {most:,.0f} |")


def parser():
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--delays", type=int, default=60, help="events whose way is timed")
    made.add_argument("--events", type=int, default=500, help="of one commit")
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument(
        "--on", nargs="*", choices=["postgresql", "embedded"], default=["postgresql", "embedded"]
    )
    return made


if __name__ == "__main__":
    main()
