"""
No secret is where it does not belong: not in the database, the log, an export, an archive, a checkpoint or a mail, whether as it is, in
base64 or as a URL has it. People and programs use the portal with secrets that are told apart; then everything that was written is searched.
"""

import base64
import gzip
import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pyotp
import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.authenticators import begin_authenticator
from apps.accounts.models import LinkPurpose
from apps.accounts.one_time_links import add_link
from apps.api.actions import add_api_key
from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_members
from apps.directory.models import User
from apps.events import chain, checkpoints
from apps.events.actors import Actor
from apps.events.archiving import actions, work
from apps.mail.delivery import deliver
from apps.outbox import relay
from apps.provisioning import engine
from apps.provisioning.actions import activate_integration, configure_integration
from apps.saml.actions.settings import sso_of
from apps.saml.models import KeyPair
from apps.scim.actions.sources import add_scim_token
from apps.tenants.context import every_tenant, in_tenant
from apps.tenants.models import Tenant
from apps.webhooks.actions import add_webhook
from tests.conftest import PASSWORD, Person, sign_in
from tests.fakes.scim_target import TOKEN, ScimTarget

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "Canary of a/new+password & =ß"
WRONG_PASSWORD = "canary of a wrong/password?"
CAPABILITY = "canary-in-the-path-of-a-webhook"
SHORTEST = 12  # characters that no text has by chance


def spellings(secret: bytes) -> Iterator[bytes]:
    """As it is, as URLs have it, and in base64 whatever stands before it."""
    text = secret.decode(errors="replace")
    yield secret
    yield json.dumps(text)[1:-1].encode()
    yield quote(text, safe="").encode()
    yield quote(text).encode()
    yield quote_plus(text).encode()
    for before in range(3):
        spelt = base64.b64encode(b"x" * before + secret)
        whole = spelt[4 if before else 0 : len(spelt) // 4 * 4 - 4]
        yield whole
        yield whole.translate(bytes.maketrans(b"+/", b"-_"))


def found(secrets: dict[str, bytes], places: dict[str, bytes]) -> list[str]:
    return sorted(
        f"{name} in {place}"
        for name, secret in secrets.items()
        for place, content in places.items()
        if any(spelt in content for spelt in spellings(secret) if len(spelt) >= SHORTEST)
    )


def database() -> bytes:
    """Every column of every row, past what the product shows."""
    parts: list[bytes] = []
    with every_tenant(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                for value in row:
                    octets = isinstance(value, bytes | memoryview)
                    parts.append(bytes(value) if octets else str(value).encode())
    return b"\n".join(parts)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that anybody says, at any level."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(
        logging.INFO
    )  # says every statement, while DEBUG is on alone
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def target() -> Iterator[ScimTarget]:
    running = ScimTarget()
    yield running
    running.stop()


def set_password(alice: Person, bob: Person) -> dict[str, bytes]:
    """By an administrator, by a link from a mail; tried wrongly, and in the field of the name."""
    alice.post(f"/console/users/{bob.user.pk}/password/", {"password": WRONG_PASSWORD})
    with in_tenant(bob.tenant):
        bob.user = User.objects.get(pk=bob.user.pk)
        link = add_link(bob.user, LinkPurpose.RESET)
    changed = {"password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    assert Client().post(bob.url(f"/password/reset/{link}/"), changed).status_code == 302
    for password, answer in ((NEW_PASSWORD, 302), (WRONG_PASSWORD, 422)):
        tried = Client().post(bob.url("/login/"), {"username": "bob", "password": password})
        assert tried.status_code == answer
    with in_tenant(bob.tenant):
        bob.user = User.objects.get(pk=bob.user.pk)
    sign_in(bob)
    return {
        "password": NEW_PASSWORD.encode(),
        "wrong password": WRONG_PASSWORD.encode(),
        "link": link.encode(),
    }


def use_programs(alice: Person) -> dict[str, bytes]:
    with in_tenant(alice.tenant):
        _, key = add_api_key(actor=Actor.system(), owner=alice.user.administrator, name="script")
        _, token = add_scim_token(actor=Actor.system(), name="Okta")
    bearers = {"API key": ("/api/v1/users/", key), "SCIM token": ("/scim/v2/Users", token)}
    for path, secret in bearers.values():
        for spelt, answer in ((secret, 200), (f"{secret}x", 401)):
            asked = Client().get(alice.url(path), headers={"Authorization": f"Bearer {spelt}"})
            assert asked.status_code == answer
        Client().get(alice.url(path), {"token": secret})
    with in_tenant(alice.tenant):
        address = f"http://127.0.0.1:9/{CAPABILITY}"
        _, signing = add_webhook(actor=Actor.system(), name="SIEM", url=address, event_groups=["sign_ins"])
    secrets = {name: secret for name, (_, secret) in bearers.items()} | {
        "webhook's secret": signing,
        "webhook's address": CAPABILITY,
    }
    return {name: secret.encode() for name, secret in secrets.items()}


def second_factor(bob: Person) -> dict[str, bytes]:
    with in_tenant(bob.tenant):
        secret = begin_authenticator(bob.user).secret
    bob.post("/me/security/authenticator/", {"code": pyotp.TOTP(secret).now()})
    octets = base64.b32decode(secret)
    return {"TOTP secret": secret.encode(), "its octets": octets}


def provision(alice: Person, bob: Person, target: ScimTarget) -> dict[str, bytes]:
    """An application that is told of Bob, with a token that it repeats when it refuses."""
    system = Actor.system()
    with in_tenant(alice.tenant):
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        group = add_group(actor=system, name="Engineering")
        add_members(group, [bob.user], actor=system)
        assign_group(application, group, actor=system)
        integration = configure_integration(application, actor=system, base_url=target.base_url, token=TOKEN)
        activate_integration(integration, actor=system)
        while relay.drain() or engine.work(integration.pk):
            continue
        sso_of(application)
        pair = KeyPair.objects.filter(application=application).first()
        assert pair is not None
        pem = pair.private_key
    lines = pem.splitlines()
    return {
        "bearer": TOKEN.encode(),
        "private key": "".join(lines[1:-1])[40:120].encode(),
        "its PEM": lines[5].encode(),
    }


def archive(tenant: Tenant) -> None:
    with in_tenant(tenant):
        actions.set_retention(3, actor=Actor.system())
        chain.seal_all_of_them()
        checkpoints.make_checkpoint()
        with time_machine.travel(timezone.now() + timedelta(days=200)):
            assert work.archive_one()


def exports(alice: Person) -> bytes:
    paths = ["/console/events/export.csv", "/console/events/export.jsonl", "/console/users/export.csv"]
    answers = [alice.get(path) for path in paths]
    return b"\n".join(
        b"".join(answer.streaming_content) if answer.streaming else answer.content for answer in answers
    )


def files() -> dict[str, bytes]:
    kept = [*Path(settings.EVENT_ARCHIVES).rglob("*.gz"), *Path(settings.EVENT_CHECKPOINTS).rglob("*.jsonl")]
    return {
        path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in kept
    }


def test_no_secret_is_written_anywhere(
    alice: Person,
    bob: Person,
    target: ScimTarget,
    log: io.StringIO,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        secrets = {"first password": PASSWORD.encode()}
        secrets |= set_password(alice, bob) | use_programs(alice) | second_factor(bob)
        secrets |= provision(alice, bob, target)
        told = exports(alice)
        with in_tenant(alice.tenant):
            while deliver():
                continue
        dump = database()
        archive(alice.tenant)
    letters = b"\n".join(str(letter.message()).encode() for letter in mail.outbox)
    places = {
        "the database": dump + database(),
        "the log": log.getvalue().encode(),
        "exports": told,
        "mails": letters,
    }
    places |= files()
    # The controls: each place holds what it should, and a secret that is put there is found however it is spelt.
    assert b"user_password_change" in dump
    assert b"sso_auth" in told or b"user_password_change" in told
    assert len(places) == 6
    assert all(places.values()), {name: len(content) for name, content in places.items()}
    for place, content in places.items():
        for name, secret in secrets.items():
            for spelt in spellings(secret):
                if len(spelt) >= SHORTEST:
                    assert f"{name} in {place}" in found(secrets, {place: content[:100] + spelt})
    # An address is a column that the page shows again; neither the log of events nor anything else repeats it.
    assert found(secrets, places) == ["webhook's address in the database"]
