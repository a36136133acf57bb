"""Celery's worker and beat as threads of the web process, for installations without Redis (kombu's memory transport)."""

import threading
from typing import Any

from celery import Celery
from celery.beat import EmbeddedService, Scheduler
from celery.worker import WorkController, state

THREADS = 4


class EmbeddedWorker(WorkController):  # type: ignore[misc]
    """A worker that says when it listens; no signal handlers, which only the main thread may set."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.listening = threading.Event()
        super().__init__(*args, **kwargs)

    def on_consumer_ready(self, consumer: Any) -> None:
        self.listening.set()


class Embedded:
    """start() returns when the worker listens; stop() waits for the task in hand."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.beat: Any = None

    def start(self) -> None:
        self.app.finalize()
        self.app.set_default()
        self.worker = EmbeddedWorker(
            app=self.app,
            pool="threads",
            concurrency=THREADS,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        self.thread = threading.Thread(target=self.worker.start, name="worker", daemon=True)
        self.thread.start()
        self.worker.listening.wait(timeout=30)
        self.beat = EmbeddedService(self.app, thread=True, scheduler_cls=Scheduler, max_interval=1)
        self.beat.daemon = True
        self.beat.start()

    def stop(self) -> None:
        if self.beat is None:  # the process ends before it began
            return
        self.beat.service.stop(wait=False)
        state.should_stop = 0  # type: ignore[assignment]  # what the worker's consumer looks at between messages; 0 is the exit status
        self.thread.join(timeout=10)
