"""
The other side of the provisioning benchmark, in a process of its own: a SCIM service that does next to nothing, after a set latency.

`python -m tests.benchmarks.scim_target` prints its port. /meter tells what it has seen, and a POST there begins anew.
"""

import asyncio
import itertools
import json
import re
import time
from urllib.parse import unquote

from aiohttp import web

from apps.lib.scim import schemas
from tests.benchmarks.announced import serve

NAME = re.compile(r'filter=\w+ eq "([^"]*)"')


class Meter:
    def __init__(self, latency=0.0):
        self.latency = latency
        self.users, self.seen = {}, {}
        self.requests = self.created = self.in_flight = self.most = 0
        self.numbers = itertools.count(1)
        self.began, self.cpu = time.time(), time.process_time()

    def told(self):
        return {
            "requests": self.requests,
            "created": self.created,
            "most": self.most,
            "cpu": time.process_time() - self.cpu,
        }


def application():
    meter = Meter()

    async def users(request):
        meter.requests += 1
        meter.in_flight += 1
        meter.most = max(meter.most, meter.in_flight)
        arrived = time.time()
        try:
            body = await request.read() if request.method == "POST" else b""
            if meter.latency:
                await asyncio.sleep(meter.latency)
            return create(body) if body else find(request, arrived)
        finally:
            meter.in_flight -= 1

    def find(request, arrived):
        (name,) = NAME.findall(unquote(request.query_string)) or [""]
        meter.seen.setdefault(name, arrived)
        found = [meter.users[name]] if name in meter.users else []
        listed = {"schemas": [schemas.LIST_RESPONSE], "totalResults": len(found), "Resources": found}
        return answer(200, listed)

    def create(body):
        document = json.loads(body)
        if document["userName"] in meter.users:
            return answer(409, {"schemas": [schemas.ERROR], "status": "409", "scimType": "uniqueness"})
        document["id"] = f"u{next(meter.numbers)}"
        meter.users[document["userName"]] = document
        meter.created += 1
        return answer(201, document)

    def answer(status, document):
        return web.Response(
            status=status, body=json.dumps(document).encode(), content_type="application/scim+json"
        )

    async def told(_request):
        return web.json_response(meter.told())

    async def anew(request):
        meter.__init__(**await request.json())
        return web.json_response({})

    async def first_seen(request):
        return web.json_response({"at": meter.seen.get(request.match_info["name"], 0)})

    app = web.Application()
    app.router.add_route("*", "/scim/v2/Users", users)
    app.router.add_get("/meter", told)
    app.router.add_post("/meter", anew)
    app.router.add_get("/meter/{name}", first_seen)
    return app


if __name__ == "__main__":
    asyncio.run(serve(application()))
