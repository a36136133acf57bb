import base64
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from portal import checks, keys


@pytest.mark.parametrize("key", ["", "short", base64.urlsafe_b64encode(b"x" * 31).decode(), "ü" * 44])
def test_a_key_of_another_length_is_an_error(settings, key):
    settings.ENCRYPTION_KEYS = [base64.urlsafe_b64encode(b"x" * 32).decode(), key]
    assert [message.id for message in checks.encryption_keys()] == ["gatehouse.E001"]


def test_no_key_at_all_is_an_error(settings):
    settings.ENCRYPTION_KEYS = []
    assert [message.id for message in checks.encryption_keys()] == ["gatehouse.E002"]


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("id.example.com", ["gatehouse.E003"]),
        ("ftp://id.example.com", ["gatehouse.E003"]),
        ("http://id.example.com", ["gatehouse.W001"]),
        ("http://127.0.0.1:8000", []),
        ("https://id.example.com", []),
    ],
)
def test_the_public_address_is_judged(settings, url, ids):
    settings.PUBLIC_URL = url
    assert [message.id for message in checks.public_url()] == ids


@pytest.mark.parametrize("entry", ["http://inside.example", "10.0.0.1/8", "a@b", "", "inside.example:x"])
def test_a_target_that_means_nothing_is_an_error(settings, entry):
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8", entry]
    assert [message.id for message in checks.outbound_allow()] == ["gatehouse.E004"]


def test_targets_that_mean_something_are_not(settings):
    settings.OUTBOUND_ALLOW = [
        "inside.example",
        "inside.example:8080",
        "127.0.0.1",
        "[::1]:8000",
        "10.0.0.0/8",
    ]
    assert checks.outbound_allow() == []


def test_keys_are_made_once_for_their_owner_alone(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = {tuple(each) for each in pool.map(lambda _: keys.encryption_keys(tmp_path), range(32))}
    assert len(made) == 1
    file = tmp_path / "encryption.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["encryption.key"]
