"""
Private keys that are open, kept by the thread that opened them (docs/decisions/0022-what-a-sign-on-keeps.md).

Opening one costs as much as signing with it: unsealing, reading PEM, and what OpenSSL does once for a key it has not seen (blinding).
What is kept is found only by the row that was read just now, so it decides nothing: which key signs is what the database says.
"""

import threading
from collections import OrderedDict
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from apps.saml.models import KeyPair

KEPT = 32  # by each thread; the one that was not used for longest goes first
PrivateKey = Any  # an RSAPrivateKey of cryptography


class _OpenKeys(threading.local):
    """No thread sees another's."""

    def __init__(self) -> None:
        self.keys: OrderedDict[tuple[Any, ...], PrivateKey] = OrderedDict()


_open = _OpenKeys()


def opened(key_pair: KeyPair) -> PrivateKey:
    """The private key of this row as it was read. Raises apps.lib.errors.SecretError when it cannot be unsealed."""
    if key_pair._state.adding:  # noqa: SLF001 - Django's documented Model API
        return _unsealed(key_pair)  # a preview's, which is forgotten with it
    # The tenant, the row and every octet of its seal, and what opened it: another tenant's, a replaced or altered key, and an
    # installation that lost ENCRYPTION_KEYS find nothing here.
    name = (
        key_pair.tenant_id,
        key_pair.pk,
        bytes(key_pair.private_key_sealed),
        tuple(settings.ENCRYPTION_KEYS),
    )
    if name in _open.keys:
        _open.keys.move_to_end(name)
    else:
        _open.keys[name] = _unsealed(key_pair)
        while len(_open.keys) > KEPT:
            _open.keys.popitem(last=False)
    return _open.keys[name]


def _unsealed(key_pair: KeyPair) -> PrivateKey:
    # Validating takes as long as 140 signatures; the seal proves that these are the octets that were validated or made here.
    pem = key_pair.private_key.encode()
    return load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
