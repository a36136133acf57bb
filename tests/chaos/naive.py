"""
What the product does not do, as the storm's negative control: one Celery task for each change, with the document in the message,
acknowledged late, redelivered when its worker dies, and tried again with back-off. Everything that a careful team would switch on.
"""

import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit

from celery import shared_task

from apps.lib.scim import schemas

QUEUE = "naive"
SECONDS = 10.0
SHARE = 4  # one in so many people is sent this way too


def takes(username: str) -> bool:
    return sum(username.encode()) % SHARE == 0


def hurries(username: str) -> bool:
    """Half as many others, of whom the task tells before the transaction is committed."""
    return sum(username.encode()) % (2 * SHARE) == 1


@shared_task(
    acks_late=True,
    reject_on_worker_lost=True,
    autoretry_for=(Exception,),
    max_retries=5,
    retry_backoff=1,
    retry_backoff_max=10,
)
def send(base_url: str, token: str, document: dict[str, Any]) -> None:
    name = quote(f'userName eq "{document["userName"]}"')
    found = _ask("GET", base_url, f"/Users?filter={name}", token)["Resources"]
    if found:
        _ask("PUT", base_url, f"/Users/{found[0]['id']}", token, document)
    elif document["active"]:
        _ask("POST", base_url, "/Users", token, document)


def _ask(method: str, base_url: str, path: str, token: str, document: Any = None) -> Any:
    split = urlsplit(base_url)
    connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=SECONDS)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": schemas.CONTENT_TYPE}
    try:
        connection.request(method, split.path + path, json.dumps(document) if document else None, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} answered {answer.status}")
    return json.loads(content) if content else None
