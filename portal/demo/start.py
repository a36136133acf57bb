"""Migrate, seed, serve; and once serving, connect the applications and say where everything is."""

import json
import os
import secrets
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from apps.tenants.addresses import path_prefix
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from portal.demo import cast, connect, seed
from portal.demo.server import Server

NOTE = "demo.json"


def run(*, port: int, data: Path, reload: bool) -> int:
    print("Preparing the database …", flush=True)
    call_command("migrate", verbosity=0)
    tenant, facts = prepare(data)
    Server(port=port, reload=reload, when_serving=partial(connect_and_tell, tenant, facts, data)).run()
    return 0


def prepare(data: Path) -> tuple[Tenant, dict[str, Any]]:
    """What can be made before anything is served, and what demo.json will say."""
    note = data / NOTE
    known = json.loads(note.read_text()) if note.exists() else {}
    note.unlink(missing_ok=True)  # written again once serving: its presence tells scripts that they may begin
    password = (
        os.environ.get("DEMO_PASSWORD")
        or _kept(known, "administrator", "password")
        or secrets.token_urlsafe(9)
    )
    tenant = seed.tenant()
    with in_tenant(tenant):
        seed.people_and_groups(password)
        facts = {
            "base_url": settings.PUBLIC_URL,
            "tenant": tenant.slug,
            "administrator": {"username": cast.ADMINISTRATOR, "password": password},
            "user": {"username": cast.USER, "password": password},
            "api_key": seed.api_key(known.get("api_key", "")),
            "scim": {
                "base_url": f"{settings.PUBLIC_URL}{path_prefix(tenant)}scim/v2/",
                "token": seed.scim_token(_kept(known, "scim", "token")),
            },
        }
    return tenant, facts


def _kept(known: dict[str, Any], section: str, name: str) -> str:
    return str(known.get(section, {}).get(name, ""))


def connect_and_tell(tenant: Tenant, facts: dict[str, Any], data: Path) -> None:
    """Once requests are answered."""
    with in_tenant(tenant):
        problems = connect.applications(facts["user"], data / "first-start")
    facts["pid"] = os.getppid()  # the server; this runs in its serving process
    _write(data / NOTE, facts)
    for problem in problems:
        print(f"  ! {problem}")
    _announce(facts)


def _write(note: Path, facts: dict[str, Any]) -> None:
    """Whole or not at all, and readable by its owner alone."""
    fresh = note.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(facts, file, indent=2)
    fresh.replace(note)


def _announce(facts: dict[str, Any]) -> None:
    base = f"{facts['base_url']}/t/{facts['tenant']}"
    print(
        f"""
Gatehouse is serving {cast.TENANT_NAME}.

  Console    {base}/console/   sign in as {facts["administrator"]["username"]}  password {facts["administrator"]["password"]}
  Launcher   {base}/           sign in as {facts["user"]["username"]}     password {facts["user"]["password"]}
  Sandbox    {base}/sandbox/   the applications' side of all this
  REST API   {base}/api/v1/docs/

  Push a person in as an identity provider would:

  curl -H 'Authorization: Bearer {facts["scim"]["token"]}' -H 'Content-Type: application/scim+json' \\
    {facts["scim"]["base_url"]}Users -d '{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"mia.example","externalId":"okta-1","name":{{"givenName":"Mia","familyName":"Example"}},"emails":[{{"type":"work","primary":true,"value":"mia@example.com"}}],"active":true}}'

  Ctrl-C stops it; the next start keeps its data.
""",
        flush=True,
    )
