"""Secrets: sealed to the row that holds them, hashed when only a comparison is needed, and the key pairs of SAML.

A sealed value is b"\\x01" + key id (8 bytes) + nonce (12 bytes) + AES-256-GCM ciphertext and tag; `context` is its additional data.
"""

import base64
import binascii
import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from hmac import compare_digest
from typing import Any, Literal, Self, overload

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from apps.lib.errors import KeyUnknown, SealBroken

__all__ = [
    "KeyPairPem",
    "KeyUnknown",
    "NewToken",
    "SealBroken",
    "Sealed",
    "fingerprint",
    "is_sealed_with_first_key",
    "new_key_pair",
    "new_token",
    "seal",
    "token_key_id",
    "token_matches",
    "unseal",
]

_VERSION = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12  # NIST SP 800-38D section 8.2.2: random nonces are fine below 2^32 values per key
_HEAD_BYTES = len(_VERSION) + _KEY_ID_BYTES + _NONCE_BYTES


# --- sealed values


@sensitive_variables("plaintext")
def seal(plaintext: bytes, *, context: str) -> bytes:
    """Encrypt with the first of ENCRYPTION_KEYS. Only the same `context` opens it again."""
    key_id, cipher = next(iter(_ciphers(tuple(settings.ENCRYPTION_KEYS)).items()))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + key_id + nonce + cipher.encrypt(nonce, plaintext, context.encode())


def unseal(sealed: bytes, *, context: str) -> bytes:
    """Raises SealBroken, or KeyUnknown when the key that sealed it is not among ENCRYPTION_KEYS."""
    if len(sealed) <= _HEAD_BYTES or not sealed.startswith(_VERSION):
        raise SealBroken(f"{context} does not hold a sealed value.")
    cipher = _ciphers(tuple(settings.ENCRYPTION_KEYS)).get(_key_id(sealed))
    if cipher is None:
        raise KeyUnknown(f"{context} was sealed with a key that is not in ENCRYPTION_KEYS.")
    try:
        return cipher.decrypt(
            sealed[_HEAD_BYTES - _NONCE_BYTES : _HEAD_BYTES], sealed[_HEAD_BYTES:], context.encode()
        )
    except InvalidTag:
        raise SealBroken(f"{context} was altered or belongs to another row.") from None


def is_sealed_with_first_key(sealed: bytes) -> bool:
    """False asks a rotation to seal it again."""
    return _key_id(sealed) == next(iter(_ciphers(tuple(settings.ENCRYPTION_KEYS))))


def _key_id(sealed: bytes) -> bytes:
    return sealed[len(_VERSION) : len(_VERSION) + _KEY_ID_BYTES]


@lru_cache(maxsize=8)
def _ciphers(keys: tuple[str, ...]) -> dict[bytes, AESGCM]:
    """By key id, the first key first. Raises ValueError: without a usable key nothing may start."""
    ciphers: dict[bytes, AESGCM] = {}
    for key in keys:
        try:
            raw = base64.b64decode(key, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != 32:
            raise ValueError("Each of ENCRYPTION_KEYS is 32 bytes in URL-safe base64.")
        ciphers[hashlib.sha256(b"key id:" + raw).digest()[:_KEY_ID_BYTES]] = AESGCM(raw)
    if not ciphers:
        raise ValueError("ENCRYPTION_KEYS is empty.")
    return ciphers


class Sealed:
    """A text attribute of a model, kept encrypted in a BinaryField and bound to its table, column, tenant and row.

    `token = Sealed("token_sealed")`. Set it when the row has its tenant and key (a TenantOwned row that is not saved yet:
    after `take_tenant()`); empty stays empty.
    """

    def __init__(self, column: str) -> None:
        self.column = column

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> str: ...
    def __get__(self, instance: Any, owner: type) -> Self | str:
        if instance is None:
            return self
        sealed = bytes(getattr(instance, self.column) or b"")
        return unseal(sealed, context=self._context(instance)).decode() if sealed else ""

    @sensitive_variables("value")
    def __set__(self, instance: Any, value: str) -> None:
        sealed = seal(value.encode(), context=self._context(instance)) if value else b""
        setattr(instance, self.column, sealed)

    def _context(self, instance: Any) -> str:
        if instance.pk is None or instance.tenant_id is None:
            raise ValueError(f"{self.column} needs a row with its tenant and primary key before it is set.")
        return f"{instance._meta.db_table}:{self.column}:{instance.tenant_id}:{instance.pk}"  # noqa: SLF001


# --- tokens that callers bring


@dataclass(frozen=True)
class NewToken:
    """`token` is shown once; `key_id` (16 characters) finds the row; `digest` (64 characters) is what the row keeps."""

    token: str = field(repr=False)
    key_id: str
    digest: str


def new_token(prefix: str) -> NewToken:
    """`prefix_<key id>_<256 random bits>`: the prefix lets people and secret scanners tell what they found."""
    key_id = secrets.token_hex(8)
    token = f"{prefix}_{key_id}_{secrets.token_hex(32)}"
    return NewToken(token, key_id, _digest(token))


def token_key_id(token: str) -> str | None:
    """None for what cannot be one of our tokens."""
    match = re.fullmatch(r"[a-z][a-z0-9_]{0,31}_([0-9a-f]{16})_[0-9a-f]{64}", token)
    return match[1] if match else None


def token_matches(token: str, digest: str) -> bool:
    """In constant time. Give an empty digest where there is no row, so that both cases cost the same."""
    return compare_digest(_digest(token), digest)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


# --- certificates


@dataclass(frozen=True)
class KeyPairPem:
    private_key: str = field(repr=False)
    certificate: str


def new_key_pair(common_name: str, days: int, key_size: int = 2048) -> KeyPairPem:
    """RSA, PKCS #8, and a certificate signed by itself with SHA-256: what SAML service providers accept everywhere."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=key_size)
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])]
    )  # RFC 5280 appendix A, ub-common-name
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))  # the other side's clock may be behind
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pkcs8 = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
    return KeyPairPem(private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


def fingerprint(certificate_der: bytes, algorithm: Literal["sha1", "sha256"]) -> str:
    """As OpenSSL prints it. SHA-1 only because service providers still ask for it: it names, it does not protect."""
    digest = hashlib.new(algorithm, certificate_der, usedforsecurity=False).hexdigest().upper()
    return ":".join(re.findall("..", digest))
