"""
`bin/test --services [pytest arguments]`: the same suite on PostgreSQL and Redis.

Both are started here, with everything they write in a temporary folder and on ports of the loopback interface that were free, and stopped by their
process ids. The portal's role is no superuser, so that row-level security binds it as it does in production.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import redis

from tests.processes import ending_with_us, free_port

DEBIAN = Path("/usr/lib/postgresql")  # whose packages leave the servers' programs off the PATH
MISSING = (
    "bin/test --services needs {}: install PostgreSQL and Redis "
    "(on Debian and Ubuntu: apt-get install postgresql redis-server) and start again."
)
# Nothing here has to survive a power cut.
QUICK = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


def program(name: str) -> str:
    newest_first = sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    places = [os.environ.get("PATH", ""), *map(str, newest_first)]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        sys.exit(MISSING.format(name))
    return found


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: who it runs as instead. None for everybody else, who stay themselves."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def running(command: list[str], folder: Path, user: str | None, stop: signal.Signals) -> Iterator[None]:
    """A session of its own: Ctrl-C reaches the tests, and the servers only when those have ended."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            ending_with_us(command, stop),
            cwd=folder,
            user=user,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.send_signal(stop)
        process.wait(timeout=30)


def wait_for(ask: Callable[[], object], refusal: type[Exception], folder: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            ask()
        except refusal:
            if time.monotonic() > deadline:
                sys.exit("A server did not start:\n" + (folder / "log").read_text()[-2000:])
            time.sleep(0.1)
        else:
            return


def make_cluster(folder: Path, user: str | None, password: str) -> None:
    """A database cluster in `folder`/data that belongs to `user`, with a superuser named root."""
    secret = folder / "password"
    secret.write_text(password)
    if user:
        for path in (folder, secret):
            shutil.chown(path, user)
    options = [
        "--auth=scram-sha-256",
        f"--pwfile={secret}",
        "--username=root",
        "--encoding=UTF8",
        "--no-sync",
    ]
    subprocess.run(
        [program("initdb"), "--pgdata=data", "--locale=C.UTF-8", *options],
        cwd=folder, user=user, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def postgres_command(port: int) -> list[str]:
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    return [program("postgres"), "-D", "data", *(word for each in settings for word in ("-c", each))]


def add_portal_database(superuser: str, password: str) -> None:
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            f"CREATE ROLE gatehouse LOGIN CREATEDB PASSWORD '{password}'"
        )  # a hexadecimal number
        connection.execute("CREATE DATABASE gatehouse OWNER gatehouse")


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Yields the DATABASE_URL. A folder that was used before has its database still."""
    user, port, secret = unprivileged(), free_port(), folder / "password"
    is_new = not secret.exists()
    password = secrets.token_hex(16) if is_new else secret.read_text()
    if is_new:
        make_cluster(folder, user, password)
    address = f"127.0.0.1:{port}"
    with running([*postgres_command(port), *QUICK], folder, user, signal.SIGINT):
        superuser = f"postgres://root:{password}@{address}/postgres"
        wait_for(lambda: psycopg.connect(superuser).close(), psycopg.OperationalError, folder)
        if is_new:
            add_portal_database(superuser, password)
        yield f"postgres://gatehouse:{password}@{address}/gatehouse"


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Yields the REDIS_URL."""
    port, password = free_port(), secrets.token_hex(16)
    settings = folder / "redis.conf"
    settings.write_text(f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\n')
    settings.chmod(0o600)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    with running([program("redis-server"), str(settings)], folder, None, signal.SIGTERM):
        wait_for(lambda: redis.Redis.from_url(url).ping(), redis.ConnectionError, folder)
        yield url


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-"))) for _ in "pr"]
        environment = os.environ | {
            "DATABASE_URL": stack.enter_context(postgresql(folders[0])),
            "TEST_REDIS_URL": stack.enter_context(redis_server(folders[1])),
        }
        command = [sys.executable, "-m", "pytest", "-n", "auto", *arguments]
        tests = subprocess.Popen(ending_with_us(command), env=environment)
        try:
            return tests.wait()
        except KeyboardInterrupt:  # the tests have had it too, and end by themselves
            return tests.wait()
        finally:
            tests.terminate()
            tests.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
