"""What the provisioning benchmark starts, and stops by process id: the target, the ceiling, servers, workers and beat."""

import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import services
from tests.chaos.servers import Process

ROOT = Path(__file__).resolve().parents[2]
PYTHON = [sys.executable, "-m"]
SERVERS = ("DATABASE_URL", "REDIS_URL", "TEST_REDIS_URL", "DJANGO_SETTINGS_MODULE")


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name not in SERVERS}
    ours = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "OUTBOUND_ALLOW": "127.0.0.1"}
    return kept | ours | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | more


@dataclass
class Target:
    origin: str

    @property
    def base_url(self):
        return f"{self.origin}/scim/v2"

    def anew(self, latency):
        self._ask("", {"latency": latency})

    def meter(self):
        return self._ask("")

    def seen(self, name):
        """When the first request about that person arrived (time.time()), 0 while none has."""
        return self._ask(f"/{name}")["at"]

    def _ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.origin}/meter{path}", data=data) as answer:
            return json.load(answer)


@contextmanager
def running_target():
    command = [*PYTHON, "tests.benchmarks.scim_target"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        yield Target(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.kill()
        process.wait()


def bare_loop(target, people, width, latency):
    """Seconds."""
    target.anew(latency)
    command = [*PYTHON, "tests.benchmarks.bare_loop", target.base_url, str(people), str(width)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), check=True, capture_output=True)
    return float(done.stdout)


@contextmanager
def postgresql_and_redis(folder):
    """As installed: every commit is flushed to the disk."""
    with ExitStack() as stack:
        places = {name: folder / name for name in ("postgresql", "redis", "data")}
        for place in places.values():
            place.mkdir()
        user, port, password = services.unprivileged(), services.free_port(), secrets.token_hex(16)
        folder.chmod(0o755)
        services.make_cluster(places["postgresql"], user, password)
        command = services.postgres_command(port)
        stack.enter_context(services.running(command, places["postgresql"], user, signal.SIGINT))
        superuser = f"postgres://root:{password}@127.0.0.1:{port}/postgres"
        services.wait_for(
            lambda: services.psycopg.connect(superuser).close(),
            services.psycopg.OperationalError,
            places["postgresql"],
        )
        services.add_portal_database(superuser, password)
        yield {
            "DATABASE_URL": f"postgres://gatehouse:{password}@127.0.0.1:{port}/gatehouse",
            "REDIS_URL": stack.enter_context(services.redis_server(places["redis"])),
            "DATA_DIR": str(places["data"]),
        }


@contextmanager
def celery(what, folder, *options):
    command = [*PYTHON, "celery", "-A", "tests.benchmarks.worker", what, "--loglevel=warning", *options]
    process = Process(command, folder / f"{what}.log", env=os.environ.copy())
    try:
        yield process.popen
    finally:
        process.stop()
