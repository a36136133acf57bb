"""
Ids of another organisation where no address has them: in the bodies of requests and in the messages of tasks. Whatever the answer, afterwards no row
refers to a row of another organisation.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.test import Client

from apps.directory.models import Group, Membership, User
from apps.tenants.context import every_tenant, in_tenant
from apps.tenants.models import TenantOwned
from apps.tenants.row_security import owned_models
from apps.tenants.tasks import TenantTask
from portal.celery import app
from tests.security import walk
from tests.security.addresses import Address
from tests.security.walk import Worlds
from tests.security.world import World, undone

# What forms and documents call a thing of world.py.
FIELDS = {
    "user": "user", "users": "user", "members": "user", "member": "user", "owner": "administrator",
    "group": "group", "groups": "group", "application": "application", "applications": "application",
    "certificate": "certificate", "job": "job", "event": "event", "token": "scim token",
}  # fmt: skip
# What else has to be there for a body to be taken.
REST = {
    "name": "New",
    "display_label": "New",
    "connector": "custom_saml",
    "role": "administrator",
    "confirm": "yes",
}


def strangers_body(worlds: Worlds) -> dict[str, str]:
    return {**REST, **worlds.globex.kwargs(FIELDS)}


def references() -> Iterator[tuple[type[models.Model], str]]:
    """Every column in which one row of a tenant names another."""
    for model in owned_models():
        for field in model._meta.concrete_fields:
            if field.is_relation and issubclass(field.related_model, TenantOwned):
                yield model, field.name


@cache
def crossings() -> tuple[str, tuple[Any, ...]]:
    """One statement for all of them: it is asked after every request."""
    found = (
        model.unscoped.order_by()
        .exclude(**{name: None})
        .exclude(**{f"{name}__tenant_id": models.F("tenant_id")})
        .values_list(models.Value(f"{model._meta.label}.{name}", models.TextField()), "tenant_id")
        for model, name in references()
    )
    first, *others = found
    return first.union(*others, all=True).query.sql_with_params()


def across() -> list[str]:
    """Rows that refer to a row of another tenant."""
    with every_tenant(), connection.cursor() as cursor:
        cursor.execute(*crossings())
        return [f"{column} of {UUID(str(tenant))}" for column, tenant in cursor.fetchall()]


def requests_to(address: Address, path: str, body: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(method, body, content type) as this URL's callers would send them."""
    if address.access in {"administrator", "person", "public"}:
        yield (
            "POST",
            "&".join(f"{name}={value}" for name, value in body.items()),
            "application/x-www-form-urlencoded",
        )
        return
    document = body | {"members": [{"value": body["user"]}], "groups": [{"value": body["group"]}]}
    for method in ("POST", "PUT", "PATCH"):
        yield method, json.dumps(document), "application/json"


def sent(
    acme: World, address: Address, method: str, path: str, body: str, content_type: str
) -> tuple[Any, list[str]]:
    token = acme.token_for(address)
    client = Client() if token else acme.owner
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client.raise_request_exception = False
    with undone(client):
        response = client.generic(method, path, body, content_type, headers=headers)
        return response, across()


def faults(worlds: Worlds) -> list[str]:
    found, acme, body = [], worlds.acme, strangers_body(worlds)
    for address, things in walk.openable():
        path = address.path(acme.tenant, acme.kwargs(things))
        for method, text, content_type in requests_to(address, path, body):
            response, crossing = sent(acme, address, method, path, text, content_type)
            shown = response.getvalue().decode(errors="replace")
            found += [f"{method} {address}: {one}" for one in crossing]
            found += [f"{method} {address}: 500"] if response.status_code == 500 else []
            found += [f"{method} {address}: shows it"] if worlds.globex.canary in shown else []
    return found


def test_a_row_that_refers_to_another_organisation_is_found(worlds: Worlds, second_wall_down: None) -> None:
    assert (Membership, "user") in set(references())
    with every_tenant():
        group = Group.unscoped.get(pk=worlds.acme.things["group"])
        stranger = User.unscoped.get(pk=worlds.globex.things["user"])
    models.QuerySet(Membership).bulk_create(
        [Membership(tenant_id=group.tenant_id, group=group, user=stranger)]
    )
    assert across() == [f"directory.Membership.user of {group.tenant_id}"]


def test_a_body_that_names_a_strangers_thing_joins_nothing_across_organisations(worlds: Worlds) -> None:
    assert across() == []
    assert faults(worlds) == []


def test_without_any_wall_the_same_bodies_do(
    worlds: Worlds,
    first_wall_down: None,
    second_wall_down: None,
) -> None:
    """Negative control: the bodies are ones that the portal takes."""
    assert len([fault for fault in faults(worlds) if "Membership" in fault or "Assignment" in fault]) >= 3


# Tasks -----------------------------------------------------------------------------------------------------------

# task: the things whose ids follow the tenant's
TASKS = {
    "apps.outbox.tasks.relay": (),
    "apps.events.tasks.seal_tenant": (),
    "apps.events.tasks.checkpoint_tenant": (),
    "apps.events.archiving.tasks.archive_tenant": (),
    "apps.provisioning.tasks.work": ("integration",),
    "apps.provisioning.tasks.forget": ("job",),
    "apps.provisioning.nightly.tasks.compare": ("integration",),
    "apps.mail.tasks.deliver": (),
    "apps.accounts.tasks.answer_forgotten": (),
    "apps.accounts.people_runs.tasks.work_on_people": ("people run",),
    "apps.webhooks.tasks.deliver": ("webhook",),
    "apps.webhooks.tasks.forget": (),
    "apps.saml.tasks.warn_of_expiry": (),
    "apps.insights.tasks.write_digest": (),
    "apps.saml.tasks.refresh_metadata_of": (),
    "apps.saml.tasks.forget_requests": (),
    "apps.scim.tasks.clean_up": (),
    "apps.provisioning.imports.tasks.work_on_import": ("import",),
    "apps.provisioning.plans.tasks.make_plan": ("plan",),
}


def our_tasks() -> dict[str, Any]:
    app.loader.import_default_modules()
    return {name: task for name, task in list(app.tasks.items()) if name.startswith("apps.")}


def tenant_tasks() -> dict[str, TenantTask]:
    return {name: task for name, task in our_tasks().items() if isinstance(task, TenantTask)}


def rows_of(world: World) -> dict[str, list[Any]]:
    with in_tenant(world.tenant):
        return {
            model._meta.label: sorted(model.unscoped.filter(tenant_id=world.tenant.id).values_list(), key=str)
            for model in owned_models()
        }


def test_every_task_of_a_tenant_stands_in_the_table() -> None:
    assert tenant_tasks().keys() == TASKS.keys(), "add its line to TASKS"


def test_every_other_task_has_no_argument_that_could_be_foreign(db: None) -> None:
    others = our_tasks().keys() - tenant_tasks().keys()
    assert others
    for name in others:
        our_tasks()[name].run()


def test_a_task_with_a_strangers_id_does_nothing_to_them(worlds: Worlds) -> None:
    before = rows_of(worlds.globex)
    assert before["provisioning.Job"]
    for name, task in tenant_tasks().items():
        task(str(worlds.acme.tenant.id), *(worlds.globex.things[thing] for thing in TASKS[name]))
    assert rows_of(worlds.globex) == before
