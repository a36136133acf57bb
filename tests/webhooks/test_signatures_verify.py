"""By a verification of its own, which shares no code with the signer, and by what docs/webhooks.md shows."""

import base64
import re
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from apps.webhooks import actions, signing
from tests.webhooks.conftest import SYSTEM, happen

pytestmark = pytest.mark.django_db
GUIDE = Path("docs/webhooks.md").read_text()


def hmac_by_hand(key: bytes, message: bytes) -> bytes:
    """RFC 2104, without the library's."""
    key = key.ljust(64, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def fits(secret, received, body=None):
    told = received.headers
    signed = f"{told['webhook-id']}.{told['webhook-timestamp']}.".encode() + (body or received.body)
    wanted = base64.b64encode(hmac_by_hand(base64.b64decode(secret[6:]), signed)).decode()
    return f"v1,{wanted}" in told["webhook-signature"].split(" ")


def test_the_published_example_of_the_specification_comes_out():
    """https://github.com/standard-webhooks/standard-webhooks, the test vector of its reference libraries."""
    told = signing.signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')  # fmt: skip
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_delivery_is_signed_with_the_secret_that_was_shown(endpoint):
    happen()
    endpoint.work()
    (received,) = endpoint.receiver.received
    assert fits(endpoint.secret, received)
    assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 60
    assert not fits(signing.new_secret(), received)
    assert not fits(endpoint.secret, received, received.body + b" ")


def test_during_a_rotation_both_fit_and_afterwards_one(endpoint):
    _row, second = actions.add_secret(endpoint.row, actor=SYSTEM)
    happen()
    endpoint.work()
    actions.remove_secret(endpoint.row.secrets.get(hint=endpoint.secret.rstrip("=")[-4:]), actor=SYSTEM)
    happen()
    endpoint.work()
    both, one = endpoint.receiver.received
    assert [fits(endpoint.secret, both), fits(second, both)] == [True, True]
    assert [fits(endpoint.secret, one), fits(second, one)] == [False, True]


def shown(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.S)[0]


@pytest.mark.parametrize(("spoilt", "verdict"), [(b"", True), (b" ", False)])
def test_the_python_of_the_guide_verifies(endpoint, spoilt, verdict):
    happen()
    endpoint.work()
    (received,) = endpoint.receiver.received
    names = {}
    exec(shown("python"), names)
    verify = names["verify"]
    assert verify(endpoint.secret, received.headers, received.body + spoilt) is verdict
    old = received.headers | {"webhook-timestamp": str(int(time.time()) - 400)}
    assert verify(endpoint.secret, old, received.body) is False


def test_the_shell_of_the_guide_verifies(endpoint, tmp_path):
    happen()
    endpoint.work()
    (received,) = endpoint.receiver.received
    (tmp_path / "body").write_bytes(received.body)
    told = {name.replace("-", "_"): value for name, value in received.headers.items()}
    environment = {"PATH": "/usr/bin:/bin", "secret": endpoint.secret, **told}

    def run():
        return subprocess.run(["/bin/bash", "-c", shown("bash")], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)  # fmt: skip

    assert run().stdout.strip() == "genuine", sys.version
    (tmp_path / "body").write_bytes(received.body + b" ")
    assert run().stdout.strip() != "genuine"
