"""A server of aiohttp in a process of its own, which whoever started it finds by its first line of output."""

import asyncio

from aiohttp import web


async def serve(application):
    """On a free port of the loopback interface, which it prints; until it is killed."""
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
