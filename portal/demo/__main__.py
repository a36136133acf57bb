"""`bin/demo`: everything on embedded defaults, with a tenant to try, on loopback. `bin/dev` is the same with DEBUG."""

import argparse
import errno
import fcntl
import os
import socket
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/demo", description="Serves Gatehouse with a demo tenant on 127.0.0.1."
    )
    parser.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000", help="default 8000")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "var", metavar="DIR", help="database, keys and mail; default var/"
    )
    parser.add_argument("--dev", action="store_true", help="DEBUG pages, and restart when a file changes")
    return parser.parse_args()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536):
        raise argparse.ArgumentTypeError(f"{text} is no port: a number from 1 to 65535")
    return int(text)


def _environment(port: int, data: Path, *, debug: bool) -> None:
    """Embedded defaults: what the surroundings say of other databases or brokers is for other installations."""
    for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "ALLOWED_HOSTS", "SECRET_KEY", "ENCRYPTION_KEYS"):
        os.environ.pop(name, None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATA_DIR": str(data.resolve()),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "OUTBOUND_ALLOW": "127.0.0.1,localhost",  # the sandbox is served from here
        "DEBUG": "1" if debug else "0",
        # Its console is for people; the copies in DATA_DIR are written all the same.
        "EVENT_CHECKPOINTS_TO_LOG": os.environ.get("EVENT_CHECKPOINTS_TO_LOG", "0"),
        "SETTLE_SECONDS": os.environ.get("SETTLE_SECONDS", "5"),
    }


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _prepare(data: Path) -> None:
    """Raises OSError for a directory that cannot be made or written to."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=data):
        pass
    if not all(os.access(path, os.W_OK) for path in data.glob("*.sqlite3*")):
        raise PermissionError(errno.EACCES, "Its database is read-only")


def _is_ours(data: Path) -> bool:
    """Until this process and those that it forks have ended, however they end."""
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main() -> int:
    os.umask(0o077)  # database, mail and keys are for their owner alone, also in a directory that was there
    arguments = _arguments()
    if not _port_is_free(arguments.port):
        print(
            f"Port {arguments.port} of 127.0.0.1 is in use; try bin/demo --port {arguments.port + 1}.",
            file=sys.stderr,
        )
        return 1
    try:
        _prepare(arguments.data)
    except OSError as error:
        print(
            f"{arguments.data} cannot hold the demo's data: {error.strerror}. "
            "Name a directory of your own: bin/demo --data DIR.",
            file=sys.stderr,
        )
        return 1
    if not _is_ours(arguments.data):
        print(f"Another demo serves the data in {arguments.data}; try bin/demo --data DIR.", file=sys.stderr)
        return 1
    _environment(arguments.port, arguments.data, debug=arguments.dev)

    import django

    django.setup()
    from portal.demo import start

    return start.run(port=arguments.port, data=arguments.data.resolve(), reload=arguments.dev)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # Ctrl-C while setting up: nothing was served, nothing is lost
        sys.exit(0)
