"""
Statements that outlive the database they are in: signed with Ed25519 (RFC 8032), by keys that are not in it.

Each of ENCRYPTION_KEYS gives a signing key of its own (HKDF, RFC 5869), so there is no further secret to keep. The first signs, all verify;
after a rotation that drops an old key, what that one signed is believed where a later statement that holds its digest is.
"""

import base64
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"gatehouse checkpoints, Ed25519"


def sign(message: bytes) -> str:
    """By the first of public_keys(): 128 hexadecimal digits."""
    private = next(iter(_keys(tuple(settings.ENCRYPTION_KEYS)).values()))
    return private.sign(message).hex()


def public_keys() -> list[str]:
    """Of this installation, the one that signs first: 64 hexadecimal digits each."""
    return list(_keys(tuple(settings.ENCRYPTION_KEYS)))


def is_signed(message: bytes, *, key: str, signature: str) -> bool:
    """Whether `key` signed it; whose key that is, is another question (public_keys)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=8)
def _keys(secrets: tuple[str, ...]) -> dict[str, Ed25519PrivateKey]:
    found = {}
    for secret in secrets:
        seed = HKDF(hashes.SHA256(), length=32, salt=None, info=PURPOSE).derive(
            base64.urlsafe_b64decode(secret)
        )
        private = Ed25519PrivateKey.from_private_bytes(seed)
        found[private.public_key().public_bytes_raw().hex()] = private
    return found
