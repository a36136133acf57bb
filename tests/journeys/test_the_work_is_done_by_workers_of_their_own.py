"""Under bin/test --services: it is the worker's process that tells applications, and nobody stands in for it."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery

from tests.installation import Demo, on_services
from tests.journeys.browser import eventually
from tests.rest import Api

pytestmark = pytest.mark.skipif(
    not on_services(), reason="one process does everything here; bin/test --services has workers"
)
EMAIL = "lena.kowalski@acme.example"  # in no group that opens GitLab
MORE_THAN_A_SWEEP = 7.0  # seconds: beat rings every five for whatever is due


@pytest.fixture(scope="module")
def api(demo: Demo) -> Api:
    return Api(demo)


@pytest.fixture
def finished(demo: Demo) -> Iterator[list[dict[str, Any]]]:
    """What the installation's workers say of every task they have done; told by themselves, over Redis."""
    broker = Celery(broker=demo.redis_url)
    heard: list[dict[str, Any]] = []
    over = threading.Event()
    with broker.connection() as connection:
        receiver = broker.events.Receiver(connection, handlers={"task-succeeded": heard.append})

        def listen() -> None:
            while not over.is_set():
                try:
                    receiver.capture(limit=None, timeout=0.5, wakeup=False)
                except TimeoutError:
                    continue

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        broker.control.enable_events()
        yield heard
        broker.control.disable_events()
        over.set()
        listener.join(timeout=10)
    broker.close()


@pytest.fixture
def gitlab(demo: Demo, api: Api) -> Callable[[], set[str]]:
    """The e-mail addresses of the active accounts that we know of in GitLab."""
    slug = next(each for each in api.everything("applications/") if each["slug"] == "gitlab")
    path = f"applications/{slug['id']}/remote-users/"
    return lambda: {row["sent"]["userName"] for row in api.everything(path) if row["active"]}


def _lena(api: Api) -> str:
    return str(api.call("GET", "users/?q=lena")["results"][0]["id"])


def _joins(api: Api) -> None:
    api.call("POST", f"groups/{api.group('Engineering')}/members/", json={"user": _lena(api)})


def _leaves(api: Api) -> None:
    api.call("DELETE", f"groups/{api.group('Engineering')}/members/{_lena(api)}/")


def test_every_task_was_done_by_the_worker(demo: Demo, api: Api, finished: Any, gitlab: Any) -> None:
    worker = demo.processes["worker"].pid
    assert worker not in {demo.processes["web"].pid, demo.processes["beat"].pid}
    eventually(lambda: any(event["type"] == "task-succeeded" for event in finished))  # a sweep
    finished.clear()
    _joins(api)
    eventually(lambda: EMAIL in gitlab())
    eventually(lambda: finished)
    assert {event["pid"] for event in finished} == {worker}
    _leaves(api)
    eventually(lambda: EMAIL not in gitlab())


def test_nothing_arrives_while_the_worker_is_away_and_all_of_it_when_it_is_back(
    demo: Demo, api: Api, gitlab: Any
) -> None:
    """The negative control: were the web process or beat to do it, it would be done."""
    demo.processes["worker"].stop()
    try:
        _joins(api)
        with pytest.raises(AssertionError, match="not true within"):
            eventually(lambda: EMAIL in gitlab(), seconds=MORE_THAN_A_SWEEP)
    finally:
        demo.processes["worker"].start()
    eventually(lambda: EMAIL in gitlab())
    _leaves(api)
    eventually(lambda: EMAIL not in gitlab())
