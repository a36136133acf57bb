"""What the SCIM benchmark asks, the same of every side, and how: WSGI without a server, one person's own CPU seconds."""

import json
import time
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any
from urllib.parse import quote

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
TYPE = "application/scim+json"


@dataclass
class Side:
    """One server: `people` and `outside` are ids, the latter of people who are not in the large group."""

    wsgi: Any
    base: str
    token: str
    people: list[str]
    outside: list[str]
    group: str = ""
    numbers: Any = field(default_factory=count)

    # --- asking

    def send(self, request):
        method, path, body = request
        path, _mark, query = path.partition("?")
        octets = json.dumps(body).encode() if body is not None else b""
        answer = {}
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"{self.base}{path}",
            "QUERY_STRING": query,
            "CONTENT_TYPE": TYPE if body is not None else "",
            "CONTENT_LENGTH": str(len(octets)),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_AUTHORIZATION": f"Bearer {self.token}",
            "HTTP_ACCEPT": TYPE,
            "HTTP_USER_AGENT": "Okta SCIM Client 1.0.0",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(octets),
        }

        def start_response(status, _headers):
            answer["status"] = int(status.split()[0])

        parts = self.wsgi(environ, start_response)
        text = b"".join(parts)
        getattr(parts, "close", lambda: None)()
        if answer["status"] >= 300:
            raise RuntimeError(f"{method} {path}: {answer['status']} {text[:500]!r}")
        return json.loads(text) if text else None

    def measured(self, work, times):
        """CPU seconds of each; the requests are made before."""
        requests = [getattr(self, work)() for _ in range(times)]
        began = time.process_time()
        for request in requests:
            self.send(request)
        return (time.process_time() - began) / times

    # --- what is asked

    def _person(self):
        return self.people[next(self.numbers) * 7919 % len(self.people)]

    def get(self):
        return "GET", f"/Users/{self._person()}", None

    def filter(self):
        name = f"bench{next(self.numbers) * 7919 % len(self.people)}"
        asked = quote(f'userName eq "{name}@bench.example"')
        return "GET", f"/Users?filter={asked}&count=100", None

    def create(self):
        name = f"new{next(self.numbers)}@bench.example"
        return "POST", "/Users", user_document(name)

    def patch_name(self):
        operation = {"op": "replace", "path": "name.familyName", "value": f"Example {next(self.numbers)}"}
        return "PATCH", f"/Users/{self._person()}", patch(operation)

    def patch_active(self):
        """On and off again: two requests of the same person follow each other."""
        number = next(self.numbers)
        person = self.people[number // 2 * 7919 % len(self.people)]
        return (
            "PATCH",
            f"/Users/{person}",
            patch({"op": "replace", "path": "active", "value": number % 2 == 1}),
        )

    def first_page(self):
        return "GET", "/Users?startIndex=1&count=100", None

    def middle_page(self):
        return "GET", f"/Users?startIndex={len(self.people) // 2 + 1}&count=100", None

    def last_page(self):
        return "GET", f"/Users?startIndex={len(self.people) - 99}&count=100", None

    def read_group(self):
        return "GET", f"/Groups/{self.group}", None

    def add_member(self):
        member = {"value": self.outside[next(self.numbers) % len(self.outside)]}
        return "PATCH", f"/Groups/{self.group}", patch({"op": "add", "path": "members", "value": [member]})

    def remove_member(self):
        """Of those whom `add_member` added, in the same order."""
        gone = self.outside[next(self.numbers) % len(self.outside)]
        return (
            "PATCH",
            f"/Groups/{self.group}",
            patch({"op": "remove", "path": f'members[value eq "{gone}"]'}),
        )


def patch(*operations):
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def user_document(name):
    return {
        "schemas": [USER],
        "userName": name,
        "externalId": f"00u{name}",
        "name": {"givenName": "Mia", "familyName": "Example"},
        "emails": [{"primary": True, "type": "work", "value": name}],
        "active": True,
    }
