"""
What a sign-in costs: `python -m tests.benchmarks.saml [rounds]`, with DATABASE_URL for PostgreSQL. Not a test: nothing fails here.

Everything in one run on one core, in CPU seconds, interleaved, medians; so the ratios mean something on any machine
(docs/performance.md). A database server's own work is not counted, SQLite's is.
"""

import datetime as dt
import os
import shutil
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")
os.environ["OMP_NUM_THREADS"] = "1"

import django

django.setup()

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import connection
from django.utils import timezone

from apps.lib.crypto import new_key_pair
from apps.saml.encryption import response_octets
from apps.saml.messages import Envelope, response_values
from apps.saml.models import KeyPair, SsoSettings
from apps.saml.statement import statement_about
from apps.tenants.context import in_tenant
from tests.benchmarks.clock import Work, measure, resident_mib
from tests.benchmarks.world import new_world
from tests.saml.conftest import ACS
from tests.saml.service_provider import IDP

APPLICATIONS = (1, 100, 1000)
RESPONSES = 3000


def main(rounds):
    created = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        keys = new_key_pair("Gatehouse: benchmark", 30)
        # The keys of 1,101 applications would take minutes to make, and what is measured never looks whose they are.
        with patch("apps.saml.actions.new_key_pairs.new_key_pair", lambda *_: keys):
            worlds = {number: new_world(f"with-{number}", number) for number in APPLICATIONS}
        report(keys, worlds, rounds)
    finally:
        connection.creation.destroy_test_db(created, verbosity=0)


def report(keys, worlds, rounds):
    world = worlds[APPLICATIONS[0]]
    rsa, respond = (
        Work("One RSA-2048 signature", rsa_signer(keys), 200),
        Work("Our response", responder(world), 100),
    )
    page = Work("A page: session and user", world.page, 60)
    launch = Work("Launched from here (IdP-initiated)", world.launch, 40)
    sign_ons = {
        number: Work(f"The whole SSO request, {number} applications", one.sign_on, 40, one.ask)
        for number, one in worlds.items()
    }
    works = [rsa, respond, page, launch, *sign_ons.values()]
    with tempfile.TemporaryDirectory() as folder:
        stock = stock_work(Path(folder), keys)
        measure([*works, *stock], rounds)
    requests = world.requests
    world.ask(1)
    world.sign_on(1)
    whole = sign_ons[APPLICATIONS[0]]
    floor = page.cost + 2 * rsa.cost
    print(
        f"{connection.vendor}, Python {sys.version.split()[0]}, Django {django.get_version()}, {rounds} rounds\n"
    )
    print("| one of | CPU ms | per CPU second |\n|---|---|---|")
    for work in [*works, *stock]:
        print(f"| {work.name} | {work.cost * 1000:.2f} | {1 / work.cost:,.0f} |")
    print("\n| ratio | reached | wanted |\n|---|---|---|")
    for one in stock:
        print(f"| our response against {one.name} | {one.cost / respond.cost:.1f} x | 30 x |")
    print(f"| two RSA signatures in our response | {2 * rsa.cost / respond.cost:.0%} | |")
    print(f"| the whole SSO request / (page + two RSA signatures) | {whole.cost / floor:.2f} | 1.6 |")
    print(f"| launched from here / (page + two RSA signatures) | {launch.cost / floor:.2f} | |")
    for number, one in list(sign_ons.items())[1:]:
        print(f"| {number} applications / 1 | {one.cost / whole.cost:.2f} | 1 |")
    print(f"| HTTP requests of one sign-on | {world.requests - requests} | 1 |")
    print(f"| growth over {RESPONSES} responses | {growth(respond.run):+.1f} MiB | 0 |")
    print(f"| growth over {RESPONSES} SSO requests | {growth(whole.run, whole.prepare):+.1f} MiB | 0 |")


def rsa_signer(keys):
    key = load_pem_private_key(keys.private_key.encode(), None)
    scheme, digest, octets = padding.PKCS1v15(), hashes.SHA256(), b"x" * 600

    def run(times):
        for _ in range(times):
            key.sign(octets, scheme, digest)

    return run


def responder(world):
    """From the rows to the octets: statement, message, unsealing and loading the key, both signatures."""
    with in_tenant(world.tenant):
        settings = SsoSettings.objects.select_related("application__tenant").get(
            application=world.application
        )
        key_pair = KeyPair.objects.get(application=world.application)
    hour = dt.timedelta(hours=1)

    def run(times):
        for _ in range(times):
            now = timezone.now()
            envelope = Envelope(IDP, settings.sp_entity_id, ACS, "_asked", now)
            values = response_values(
                envelope,
                statement_about(world.user, settings, []),
                signed_in_at=now,
                session_ends_at=now + hour,
            )
            response_octets(values, settings, key_pair)

    return run


def stock_work(folder, keys):
    if not shutil.which("xmlsec1"):
        print("The xmlsec1 program is not installed: stock pysaml2 is left out.\n")
        return []
    from tests.benchmarks.stock import responder as stock_responder

    respond = stock_responder(folder, keys)
    return [Work("stock pysaml2 with xmlsec1", lambda times: [respond() for _ in range(times)], 4)]


def growth(run, prepare=lambda _count: None):
    prepare(300)
    run(300)
    prepare(RESPONSES)
    before = resident_mib()
    run(RESPONSES)
    return resident_mib() - before


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
