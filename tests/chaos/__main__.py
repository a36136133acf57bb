"""`bin/chaos`: the storm with its log, and the table of promises at the end. Exits 1 when one was broken."""

import argparse
import json
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from tests.chaos import scenarios
from tests.chaos.storm import Profile, Storm

SMALL = {
    "changes": 2000,
    "people": 200,
    "applications": 3,
    "kills": 5,
    "flushes": 1,
    "rate": 25.0,
    "linger": 10.0,
}
CONTENTION = {  # ten people only, and every fault is a write that arrives after its connection was cut
    "changes": 200, "people": 8, "applications": 1, "kills": 0, "flushes": 0, "crashes": 0, "naive": False, "late_only": True,
    "rate": 12.0, "faults": 0.35, "settle": 6.0, "hang": 0.1, "late": 2.5, "linger": 5.0,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.scenario:
        numbers = scenarios.run(options.scenario, control=options.control, scale=options.scale)
        print(json.dumps(numbers, indent=2))
        if options.report:
            options.report.write_text(json.dumps(numbers))
        return 0
    profile = Profile()
    if options.small:
        profile = replace(profile, **SMALL)
    if options.contention:
        profile = replace(profile, **CONTENTION)
    chosen = {name: value for name, value in vars(options).items() if name in _names() and value is not None}
    profile = replace(profile, **chosen)
    began = time.monotonic()

    def log(words: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {words}", flush=True)

    results = Storm(profile, log).run()
    results["took"] = round(time.monotonic() - began, 1)
    if options.report:
        options.report.write_text(json.dumps(results))
    kept = show(results)
    return 0 if kept else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin/chaos", description=__doc__)
    parser.add_argument("--small", action="store_true", help="what CI runs: 2,000 changes and 5 kills")
    parser.add_argument("--contention", action="store_true", help="few people and many late writes")
    parser.add_argument("--scenario", choices=scenarios.SCENARIOS, help="one promise instead of the storm")
    parser.add_argument("--control", action="store_true", help="its negative control")
    parser.add_argument("--scale", type=int, default=20_000, help="rows of a scenario's backlog")
    parser.add_argument("--report", type=Path, help="a file for the results as JSON")
    for each in fields(Profile):
        if isinstance(each.default, bool):
            action = argparse.BooleanOptionalAction
            parser.add_argument(f"--{each.name.replace('_', '-')}", action=action, default=None)
        else:
            parser.add_argument(f"--{each.name}", type=type(each.default), help=f"default {each.default}")
    return parser


def _names() -> set[str]:
    return {each.name for each in fields(Profile)}


def rows(results: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """(promise, words, measured, kept)."""
    duplicates, backward = sum(results["R3"].values()), len(results["R4_backward"])
    in_time = results["left"] == 0 and results["seconds"] <= results["bound"]
    unexplained = len(results["R15"]) + len(results["R15_token"])
    return [
        ("R1", "no committed change is lost", f"{len(results['R1'])} missing or wrong of {results['committed']}",
         not results["R1"] and not results["parked"]),
        ("R2", "nothing rolled back is sent", f"{len(results['R2'])} of {results['rolled_back']}", not results["R2"]),
        ("R3", "no duplicates", f"{duplicates}", not duplicates),
        ("R4", "order, one at a time", f"{backward} backward writes, {results['R4_at_once']} at once",
         not backward and results["R4_at_once"] <= 1),
        ("R5", "it converges", f"{results['seconds']} s after the last fault, {results['bound']} s allowed", in_time),
        ("R12", "a database crash loses nothing", f"{len(results['R12'])} lost, {results['in_doubt']} in doubt", not results["R12"]),
        ("R15", "the log is complete, no secret", f"{unexplained} of {results['attempts']} attempts", not unexplained),
    ]  # fmt: skip


def show(results: dict[str, Any]) -> bool:
    print(
        f"\n{results['committed']} changes committed, {results['rolled_back']} rolled back; {results['requests']} requests,"
        f" {results['faulty']} met a fault, {results['late']} were carried out after their connection was cut;"
        f" {results['approved']} held removals approved; {results['took']} s in all.\n"
    )
    for promise, words, measured, kept in rows(results):
        print(f"{promise:4} {words:32} {measured:48} {'kept' if kept else 'BROKEN'}")
    if "naive_wrong" in results:
        wrong, backward = results["naive_wrong"], results["naive_backward"]
        print(
            f"     one task for each change         {wrong} people wrong, {backward} backward writes (negative control)"
        )
    for name in ("R1", "R2", "R4_backward", "R12", "R15", "R15_token", "parked"):
        for fault in results[name][:10]:
            print(f"{name}: {fault}")
    return all(kept for *_, kept in rows(results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
