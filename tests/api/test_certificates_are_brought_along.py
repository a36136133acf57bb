from typing import Any

import pytest

from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant
from tests.api.conftest import Script
from tests.saml.pairs import PKCS1, certificate, private, rsa_key

PASSPHRASE = "CANARY-passphrase"


@pytest.fixture
def path(api: Script) -> str:
    made = api.post("/applications/", {"connector": "custom_saml", "display_label": "Wiki"})
    return f"/applications/{made['id']}/sso/certificates/"


def pair(**more: Any) -> dict[str, Any]:
    key = rsa_key()
    made = {"certificate": certificate(key), "private_key": private(key, PKCS1, PASSPHRASE)}
    return made | {"passphrase": PASSPHRASE} | more


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"certificate": "x"}, {"private_key"}),
        ({"private_key": "x"}, {"certificate"}),
        ({"passphrase": "x"}, {"certificate", "private_key"}),
        (pair(years=3), {"years"}),
        (pair(passphrase="wrong"), {"passphrase"}),
        (pair(passphrase=""), {"passphrase"}),
        (pair(private_key="x"), {"private_key"}),
        (pair(certificate="x"), {"certificate"}),
        (pair(private_key=private(rsa_key(number=1))), {"private_key"}),
        (pair(privatekey="x"), {"privatekey"}),
        ({"years": 0}, {"years"}),
        ({"key_size": 1024}, {"key_size"}),
        ({"common_name": "x" * 65}, {"common_name"}),
        ({"common_name": "a\u202eb"}, {"common_name"}),
    ],
)
def test_what_is_refused_names_its_field_and_tells_nothing(
    api: Script, path: str, body: dict[str, Any], fields: set[str]
) -> None:
    answer = api("POST", path, body)
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == fields
    assert PASSPHRASE not in answer.content.decode()
    assert "BEGIN" not in answer.content.decode().replace("-----BEGIN CERTIFICATE-----.", "").replace(
        "-----BEGIN PRIVATE KEY-----.", ""
    )
    assert len(api.get(path)["results"]) == 1


def test_a_pair_becomes_the_next_and_never_comes_back(api: Script, path: str) -> None:
    made = api.post(path, pair())
    assert made["state"] == "next"
    assert made.keys() == {
        "id", "state", "certificate", "fingerprint_sha1", "fingerprint_sha256", "not_after", "created_at",
    }  # fmt: skip
    assert api.refused("POST", path, pair(certificate=made["certificate"])).keys() == {"certificate"}
    with in_tenant(api.tenant):
        assert KeyPair.objects.get(pk=made["id"]).private_key == private(rsa_key())


def test_it_signs_at_once_when_asked_and_the_way_back_is_open(api: Script, path: str) -> None:
    (first,) = api.get(path)["results"]
    made = api.post(path, pair(at_once=True))
    assert made["state"] == "active"
    again = api("POST", f"{path}{first['id']}/promotion/")
    assert (again.status_code, again.json()["state"]) == (200, "active")
    assert [each["state"] for each in api.get(path)["results"]] == ["active", "next"]


def test_one_is_generated_as_asked(api: Script, path: str) -> None:
    made = api.post(path, {"common_name": "Acme", "years": 1, "key_size": 3072})
    with in_tenant(api.tenant):
        kept = KeyPair.objects.get(pk=made["id"])
    assert (kept.common_name, kept.key_size) == ("Acme", 3072)
    assert (kept.not_after - kept.created_at).days in {364, 365}
