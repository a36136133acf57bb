"""Key material of an installation that was not given any: made once under the data directory, mode 600."""

import base64
import os
import secrets
from pathlib import Path


def _read_or_make(path: Path, value: str) -> str:
    """Whoever creates the file first wins; everybody else reads what was written."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
        try:
            os.link(fresh, path)  # atomic, and fails when another process was faster
        except FileExistsError:
            value = ""
        finally:
            fresh.unlink()
    return path.read_text().strip()


def secret_key(data_dir: Path) -> str:
    return _read_or_make(data_dir / "secret.key", secrets.token_urlsafe(64))


def encryption_keys(data_dir: Path) -> list[str]:
    """32 bytes, urlsafe base64, one per line; the first encrypts, all decrypt."""
    made = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return _read_or_make(data_dir / "encryption.key", made).split()
