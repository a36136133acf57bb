"""The one web process of embedded installations: gunicorn with threads, worker and beat beside them, on loopback."""

from collections.abc import Callable
from typing import Any

from django.db import connections
from gunicorn.app.base import BaseApplication

from apps.provisioning import jobs
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from portal.celery import app as celery_app
from portal.embedded import Embedded

THREADS = 24


class Server(BaseApplication):  # type: ignore[misc]
    """`when_serving` runs in a thread of the serving process, once requests are answered."""

    def __init__(self, *, port: int, reload: bool, when_serving: Callable[[], None]) -> None:
        self.port = port
        self.reload = reload
        self.when_serving = when_serving
        self.embedded = Embedded(celery_app)
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"127.0.0.1:{self.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 60,
            "graceful_timeout": 15,
            "loglevel": "warning",
            "control_socket_disable": True,
            "reload": self.reload,
            "post_worker_init": self._begin,
            "worker_exit": self._end,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from portal.wsgi import application

        return application

    def _begin(self, worker: Any) -> None:
        connections.close_all()  # those of the process before the fork
        for tenant in Tenant.objects.all():
            with in_tenant(tenant):
                jobs.take_back()
        self.embedded.start()
        import threading

        threading.Thread(target=self.when_serving, name="demo", daemon=True).start()

    def _end(self, arbiter: Any, worker: Any) -> None:
        self.embedded.stop()
