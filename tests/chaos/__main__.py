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
from tests.chaos.webhook_storm import WebhookStorm

SMALL = {
    "changes": 2000,
    "people": 200,
    "applications": 3,
    "kills": 5,
    "flushes": 1,
    "rate": 45.0,
    "linger": 30.0,
    "lease": 12.0,
    "visibility": 12.0,
}


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    began = time.monotonic()

    def log(words: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {words}", flush=True)

    if options.scenarios or options.scenario:
        one = options.scenario
        results = scenarios.run_one(one, options.scale) if one else scenarios.run_all(log)
        print(json.dumps(results, indent=2))
    elif options.webhooks:
        results = WebhookStorm(log).run()
        print(json.dumps(results, indent=2))
    else:
        results = Storm(_profile(options), log).run()
    results["took"] = round(time.monotonic() - began, 1)
    if options.report:
        options.report.write_text(json.dumps(results))
    told = options.scenarios or options.scenario or options.webhooks
    return 0 if told or show(results) else 1


def _profile(options: argparse.Namespace) -> Profile:
    chosen = {name: value for name, value in vars(options).items() if name in _names() and value is not None}
    return replace(Profile(), **(SMALL if options.small else {}) | chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin/chaos", description=__doc__)
    parser.add_argument("--small", action="store_true", help="what CI runs: 2,000 changes and 5 kills")
    parser.add_argument("--scenarios", action="store_true", help="each promise alone, small and side by side")
    parser.add_argument("--webhooks", action="store_true", help="the storm of the webhooks, small")
    parser.add_argument(
        "--scenario", choices=scenarios.SCENARIOS, help="one of them, and then its negative control"
    )
    parser.add_argument("--scale", type=int, help="its size: rows of the backlog, people or changes")
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
    share = 100 * results["faulty"] / max(results["raging"], 1)
    print(
        f"\n{results['committed']} changes committed, {results['rolled_back']} rolled back;"
        f" {results['approved']} held removals approved, {results['quarantines']} quarantines; {results['took']} s in all."
        f"\n{results['requests']} requests, {results['raging']} of them in the {results['raged']:.0f} s of the storm:"
        f" {results['faulty']} ({share:.1f} %) met a fault, {results['late']} were carried out after their connection was cut.\n"
    )
    for promise, words, measured, kept in rows(results):
        print(f"{promise:4} {words:32} {measured:48} {'kept' if kept else 'BROKEN'}")
    if "naive_wrong" in results:
        wrong, backward, seen = (results[name] for name in ("naive_wrong", "naive_backward", "hasty_seen"))
        print("Negative controls:")
        print(f"     one task for each change         {wrong} people wrong, {backward} backward writes")
        print(f"     told before the commit           {seen} rolled-back changes sent")
    for name in ("R1", "R2", "R4_backward", "R12", "R15", "R15_token", "parked"):
        for fault in results[name][:10]:
            print(f"{name}: {fault}")
    return all(kept for *_, kept in rows(results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
