"""
The ceiling: a bare keep-alive HTTP loop with the same client library (aiohttp), as wide as the engine, in a process of its own.

For each person the two requests that the protocol needs to create an account, with the same address and the same body as the
product's: the look-up by user name, then the POST. It plans nothing, reads nothing and keeps nothing.

`python -m tests.benchmarks.bare_loop BASE_URL PEOPLE WIDTH` prints the seconds it took.
"""

import asyncio
import itertools
import json
import sys
import time

import aiohttp

HEADERS = {"Authorization": "Bearer bare", "Content-Type": "application/scim+json"}


def document(name):
    """As the generic connector sends a person (tests/benchmarks/company.py)."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "displayName": f"{name} Example",
        "name": {"formatted": f"{name} Example", "givenName": name, "familyName": "Example"},
        "emails": [{"type": "work", "value": f"{name}@bench.example", "primary": True}],
        "title": "Engineer",
        "active": True,
    }


async def main(base_url, people, width):
    numbers = itertools.count()

    async def work(session):
        while (number := next(numbers)) < people:
            name = f"bare{number}"
            async with session.get(f"{base_url}/Users", params={"filter": f'userName eq "{name}"'}) as found:
                await found.read()
            body = json.dumps(document(name)).encode()
            async with session.post(f"{base_url}/Users", data=body) as made:
                await made.read()
                if made.status != 201:
                    raise RuntimeError(made.status)

    connector = aiohttp.TCPConnector(limit=width)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
        began = time.monotonic()
        await asyncio.gather(*(work(session) for _ in range(width)))
        return time.monotonic() - began


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
