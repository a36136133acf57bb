"""
The other side of a storm, in a process of its own: SCIM targets that fail at random and keep a journal of what they carried out.

`python -m tests.chaos.target` reads one JSON command a line and answers each with one JSON line; it ends with its standard input.
"""

import contextlib
import itertools
import json
import random
import re
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes import scim_target
from tests.fakes.scim_target import FILTER, TOKEN, ScimTarget

ThreadingHTTPServer.request_queue_size = 128
VERSION = re.compile(r"v(\d+)")

# In equal parts. A target that hangs cuts the connection in the end, so that nobody waits for the client's 30 s.
FAULTS = ("refused", "throttled", "carried_out", "late", "hang", "reset")


@dataclass
class Asked:
    """One request. `applied` is when it was carried out, which may be after the connection was cut; 0: never."""

    method: str
    key: str
    version: int
    at: float
    fault: str
    status: int = 0
    applied: float = 0
    pause_until: float = 0  # what a 429 asked for


class StormTarget(ScimTarget):
    def __init__(self, *, allows_duplicates: bool = False, seed: int = 0, token: str = TOKEN) -> None:
        self.share = 0.0  # of requests that meet a fault
        self.kinds = list(FAULTS)
        self.reads_fail = True
        self.only_first_creations = (
            False  # where only the first request that creates somebody can meet a fault
        )
        self.hang_seconds, self.late_seconds, self.pause_seconds = 0.3, 1.0, 1
        self.random = random.Random(seed)
        self.under_way: Counter[str] = Counter()  # by resource; a write counts until it is carried out
        self.most_of_one = 0
        self.double_creates = 0
        self.backward: list[tuple[str, int, int]] = []
        self._newest: dict[str, int] = {}
        self._deck: list[str] = []
        self._created: set[str] = set()
        self._throttles = itertools.count()
        super().__init__()
        self.allows_duplicates = allows_duplicates
        self.token = token

    @staticmethod
    def handler() -> Any:
        return _Handler

    def key_of(self, path: str, query: str, body: Any) -> str:
        """The same for every request about one resource: users by userName, which a storm never changes."""
        collection, _, resource_id = path.removeprefix("/scim/v2/").partition("/")
        if resource_id:
            user = self.users.get(resource_id)
            return str(user["userName"]) if user else f"{collection}/{resource_id}"
        asked = FILTER.fullmatch(parse_qs(query).get("filter", [""])[0])
        name = (body or {}).get("userName") or (body or {}).get("displayName") or (asked[2] if asked else "")
        return str(name) if collection == "Users" else f"{collection}/{name}"

    def begin(self, method: str, path: str, query: str, body: Any) -> Asked:
        with self._lock:
            key = self.key_of(path, query, body)
            self.under_way[key] += 1
            self.most_of_one = max(self.most_of_one, self.under_way[key])
            fault = self._fault(method, key)
            asked = Asked(method, key, version_in(body), time.time(), fault)
            self.journal.append(asked)  # type: ignore[arg-type]
            return asked

    def _fault(self, method: str, key: str) -> str:
        """Dealt from a shuffled deck, so that neither the share nor the equal parts are left to luck."""
        if not self.share or (method == "GET" and not self.reads_fail):
            return ""
        if self.only_first_creations and (method != "POST" or key in self._created):
            return ""
        if method == "POST":
            self._created.add(key)
        if not self._deck:
            cards = int(len(self.kinds) / self.share)
            self._deck = [*self.kinds, *[""] * (cards - len(self.kinds))]
            self.random.shuffle(self._deck)
        return self._deck.pop()

    def end(self, asked: Asked) -> None:
        with self._lock:
            self.under_way[asked.key] -= 1

    def carry_out(self, asked: Asked, path: str, query: str, body: Any) -> tuple[int, Any]:
        with self._lock:
            if asked.method == "POST" and any(
                row.get("userName") == asked.key for row in self.users.values()
            ):
                self.double_creates += self.allows_duplicates
            status, document = self.answer(asked.method, path, query, body)
            asked.status, asked.applied = status, time.time()
            if asked.method != "GET" and status < 300 and asked.version:
                newest = self._newest.get(asked.key, 0)
                if asked.version < newest:
                    self.backward.append((asked.key, newest, asked.version))
                self._newest[asked.key] = max(newest, asked.version)
            # Encoded under the lock: the next request may change it.
            return status, None if document is None else json.dumps(document).encode()

    def told(self, status: int) -> bytes:
        """Why it failed. Like some real ones it repeats what it was sent, the token too."""
        return scim_target.scim_error(status, f"Could not be done: Authorization: Bearer {self.token}")

    def _create(self, rows: dict[str, Any], body: Any) -> tuple[int, Any]:
        if self.poison and body.get("userName") == self.poison:
            return 400, json.loads(self.told(400))
        return super()._create(rows, body)

    def refusal(self, asked: Asked) -> tuple[int, dict[str, str]]:
        """429 with Retry-After in seconds and as a date in turn, or a 5xx."""
        if asked.fault != "throttled":
            return self.random.choice((500, 502, 504)), {}
        fault = scim_target.throttled(self.pause_seconds, as_date=next(self._throttles) % 2 == 1)
        asked.pause_until = asked.at + self.pause_seconds
        return 429, fault.headers

    def seen(self, key: str, version: int, after: float) -> float:
        """When the first write of that change arrived (time.time()), 0 while none has; version 0: one that names none."""
        with self._lock:
            times = [
                asked.at
                for asked in self.journal
                if asked.key == key
                and asked.version == version
                and asked.method != "GET"
                and asked.at > after  # type: ignore[attr-defined]
            ]
            return times[0] if times else 0.0

    def dump(self) -> dict[str, Any]:
        with self._lock:
            return {
                "users": self.users,
                "groups": self.groups,
                "journal": [asdict(asked) for asked in self.journal],  # type: ignore[arg-type]
                "most_of_one": self.most_of_one,
                "most_in_flight": self.most_in_flight,
                "double_creates": self.double_creates,
                "backward": self.backward,
            }


class _Handler(scim_target._Handler):
    owner: StormTarget
    disable_nagle_algorithm = True

    def _respond(self) -> None:
        owner = self.owner
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        split = urlsplit(self.path)
        path = unquote(split.path)
        asked = owner.begin(self.command, path, split.query, body)
        if self.headers.get("Authorization") != f"Bearer {owner.token}":
            asked.status, asked.fault = 401, "token"
            self._say(asked, 401)
            return
        time.sleep(owner.latency)
        if asked.fault in {"refused", "throttled"}:
            asked.status, headers = owner.refusal(asked)
            self._say(asked, asked.status, owner.told(asked.status), headers)
        elif asked.fault == "late":
            time.sleep(owner.hang_seconds)
            if self.command == "GET":  # who reads late changes nothing
                owner.end(asked)
                self._reset()
                return
            timer = threading.Timer(owner.late_seconds, self._late, (asked, path, split.query, body))
            timer.start()
            self._reset()
        elif asked.fault == "reset":
            owner.end(asked)
            self._reset()
        else:
            status, content = owner.carry_out(asked, path, split.query, body)
            if asked.fault == "hang":
                time.sleep(owner.hang_seconds)
                owner.end(asked)
                self._reset()
            elif asked.fault == "carried_out":
                self._say(asked, 500, owner.told(500))
            else:
                self._say(asked, status, content)

    def _late(self, asked: Asked, *what: Any) -> None:
        self.owner.carry_out(asked, *what)
        self.owner.end(asked)

    def _say(
        self, asked: Asked, status: int, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.owner.end(asked)  # before the answer: the next request of this resource may follow at once
        self.send_response(status)
        for name, value in {"Content-Type": "application/scim+json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")


def version_in(body: Any) -> int:
    """People carry the number of their last change as their title."""
    operations = (body or {}).get("Operations", [])
    titles = [str(each.get("value")) for each in operations if each.get("path") == "title"]
    found = VERSION.fullmatch(titles[-1] if titles else str((body or {}).get("title", "")))
    return int(found[1]) if found else 0


def main() -> None:
    targets: dict[str, StormTarget] = {}
    for line in sys.stdin:
        command = json.loads(line)
        answer: Any = "done"
        if start := command.get("start"):
            targets[start] = StormTarget(**command["options"])
            answer = {"base_url": targets[start].base_url, "token": targets[start].token}
        elif name := command.get("set"):
            for key, value in command["values"].items():
                setattr(targets[name], key, value)
        elif name := command.get("place"):
            answer = {"base_url": targets[name].base_url, "token": targets[name].token}
        elif name := command.get("seen"):
            answer = targets[name].seen(command["key"], command["version"], command.get("after", 0.0))
        elif path := command.get("dump"):
            wanted = command.get("of") or targets
            dumped = {name: targets[name].dump() for name in wanted}
            Path(path).write_text(json.dumps(dumped))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
