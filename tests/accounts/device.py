"""A device with passkeys, in software: what a browser would send, and ways in which it may lie."""

import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url as text

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Device:
    """One P-256 key for one person at `host`."""

    def __init__(self, origin: str = "http://testserver", host: str = "testserver") -> None:
        self.origin, self.host, self.count = origin, host, 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.user_id = b""

    def create(self, options: dict[str, Any], **lies: Any) -> str:
        self.user_id = _bytes(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = (
            bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(public)
        )
        data = self._data(flags=lies.pop("flags", PRESENT | VERIFIED) | ATTESTED, **lies) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options, **lies)
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(attestation)})

    def get(self, options: dict[str, Any], **lies: Any) -> str:
        self.count = lies.pop("count", self.count + 1)
        data = self._data(flags=lies.pop("flags", PRESENT | VERIFIED), **lies)
        client = self._client("webauthn.get", options, **lies)
        key = lies.get("key", self.key)
        signature = key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
        }
        return self._answer(response | {"userHandle": text(lies.get("user_id", self.user_id))})

    def _data(self, *, flags: int, **lies: Any) -> bytes:
        return (
            hashlib.sha256(lies.get("host", self.host).encode()).digest()
            + bytes([flags])
            + self.count.to_bytes(4, "big")
        )

    def _client(self, kind: str, options: dict[str, Any], **lies: Any) -> bytes:
        said = {"type": lies.get("type", kind), "challenge": lies.get("challenge", options["challenge"])}
        return json.dumps(said | {"origin": lies.get("origin", self.origin), "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        name = text(self.credential_id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {},
            }
        )


def _bytes(value: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
