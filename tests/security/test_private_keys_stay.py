"""
The private keys that sign for an organisation leave by no address, for nobody, and lie in no file (threats K1 and K2).
Looked for as PEM, and as the numbers that make them, however they might be written.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import Client

from apps.lib.crypto import new_key_pair
from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant
from tests.security import walk
from tests.security.addresses import OUTSIDE
from tests.security.walk import Worlds
from tests.security.world import ask


def loaded(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def spellings(number: int) -> Iterator[str]:
    """Decimal, hexadecimal, and base64 as it stands inside something longer, whatever stands before it."""
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    yield str(number)
    yield f"{number:x}"
    for before in range(3):
        yield base64.b64encode(b"x" * before + octets)[4:40].decode()


def traces(pem: str) -> list[str]:
    """What a text that gives the key away would hold."""
    numbers = loaded(pem).private_numbers()
    return [text for secret in (numbers.p, numbers.q, numbers.d) for text in spellings(secret)]


def gives_away(text: str, wanted: list[str]) -> bool:
    packed = "".join(text.split()).replace("\\n", "").lower()  # lines of PEM, JSON, columns of hexadecimal
    plain = packed.replace(":", "")
    return "PRIVATE KEY" in text or any(each.lower() in packed or each.lower() in plain for each in wanted)


def test_every_way_to_write_a_key_is_recognised() -> None:
    pem = new_key_pair("control", 1).private_key
    key, wanted = loaded(pem), traces(pem)
    numbers = key.private_numbers()
    form, nothing = serialization.PrivateFormat, serialization.NoEncryption()
    der = key.private_bytes(serialization.Encoding.DER, form.TraditionalOpenSSL, nothing)
    body = "".join(pem.splitlines()[1:-1])
    for told in (
        pem, body, json.dumps({"key": body}), json.dumps({"key": "\n".join(pem.splitlines()[1:-1])}), base64.b64encode(der).decode(),
        str(numbers.p), f"{numbers.q:x}", f"{numbers.d:X}", ":".join(f"{numbers.p:0256x}"[i : i + 2] for i in range(0, 256, 2)),
    ):  # fmt: skip
        assert gives_away(told, wanted), told[:60]
    assert not gives_away(new_key_pair("another", 1).certificate, wanted)
    public = key.public_key().public_numbers().n
    assert not gives_away(f"{public} {public:x}", wanted)


@pytest.fixture
def wanted(worlds: Worlds) -> list[str]:
    """Traces of both of Acme's pairs: the active and the next one."""
    with in_tenant(worlds.acme.tenant):
        pairs = list(KeyPair.objects.all())
        assert {pair.state for pair in pairs} == {"active", "next"}
        return [trace for pair in pairs for trace in traces(pair.private_key)]


def giving_away(worlds: Worlds, wanted: list[str], named: str = "") -> list[str]:
    """Addresses that answer a key to the owner or their programs, or to anybody; of those with `named` in their name."""
    found, acme = [], worlds.acme
    for address, things in walk.openable():
        if named not in address.name:
            continue
        path = address.path(acme.tenant, acme.kwargs(things))
        for query in ("", "?download", "?format=jsonl"):
            answers = [acme.ask(address, "GET", path + query)]
            if address.urlconf != OUTSIDE and address.access == "public":
                answers.append(ask(Client(), "GET", path + query))
            if any(gives_away(answer.body, wanted) for answer in answers):
                found.append(f"{address}{query}")
    return found


def test_no_address_answers_a_private_key(worlds: Worlds, wanted: list[str]) -> None:
    assert giving_away(worlds, wanted) == []


def test_an_address_that_did_would_be_found(
    worlds: Worlds, wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: pages, the API and the log show what is called the fingerprint."""
    numbers = loaded(_active(worlds).private_key).private_numbers()
    monkeypatch.setattr(KeyPair, "fingerprint_sha256", property(lambda pair: f"{numbers.p:X}"))
    found = [each for named in ("certificate", "sso", "event") for each in giving_away(worlds, wanted, named)]
    assert len({name.partition("?")[0] for name in found}) >= 4, found


def _active(worlds: Worlds) -> Any:
    with in_tenant(worlds.acme.tenant):
        return KeyPair.objects.get(state="active")


def files_with_a_key(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]


def test_no_file_holds_a_private_key_after_sign_ins(
    worlds: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the data directory, with the database, nor where temporary files would be made."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    slug = worlds.acme.things["application slug"]
    for _ in range(5):
        assert worlds.acme.owner.get(f"/t/acme/launch/{slug}").status_code == 200
    assert files_with_a_key(Path(settings.DATA_DIR)) + files_with_a_key(tmp_path) == []
    (tmp_path / "left-behind").write_text(_active(worlds).private_key)
    assert len(files_with_a_key(tmp_path)) == 1  # negative control
