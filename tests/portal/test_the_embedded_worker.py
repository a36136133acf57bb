"""Worker and beat as threads of one process: a change reaches its subscriber without anybody asking again."""

import subprocess
import sys
from pathlib import Path

from tests.processes import embedded_environment

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import os, sys, threading, time
os.environ |= {"DJANGO_SETTINGS_MODULE": "portal.settings", "DATA_DIR": sys.argv[1]}
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from apps.directory.actions import add_user
from apps.events.actors import Actor
from apps.outbox import relay
from apps.outbox.models import Topic
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant
from portal.celery import app
from portal.embedded import Embedded
heard = threading.Event()
relay.subscribe(Topic.USER_CHANGED, lambda ids: heard.set())
embedded = Embedded(app)
embedded.start()
with in_tenant(create_tenant(slug="acme", name="Acme")):
    add_user(actor=Actor.system(), username="mia", email="mia@example.com")
print("heard" if heard.wait(10) else "silence")
embedded.stop()
print("stopped" if not embedded.thread.is_alive() else "running")
"""


def test_a_change_is_heard_and_the_worker_stops(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=ROOT,
        env=embedded_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert answer.stdout.split() == ["heard", "stopped"]
