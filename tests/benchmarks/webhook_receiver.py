"""
The other side of the webhooks' benchmark, in a process of its own: it notes when each event arrived first, and says 200.

`python -m tests.benchmarks.webhook_receiver` prints its port. GET /arrivals tells event → time.time(), and empties it.
"""

import asyncio
import time

from aiohttp import web

from tests.benchmarks.announced import serve


def application():
    arrivals = {}

    async def take(request):
        arrivals.setdefault(request.headers["webhook-id"], time.time())
        await request.read()
        return web.Response()

    async def told(_request):
        answer = web.json_response(arrivals)
        arrivals.clear()
        return answer

    async def count(_request):
        return web.json_response(len(arrivals))

    app = web.Application()
    app.router.add_post("/hooks/{endpoint}", take)
    app.router.add_get("/arrivals", told)
    app.router.add_get("/count", count)
    return app


if __name__ == "__main__":
    asyncio.run(serve(application()))
