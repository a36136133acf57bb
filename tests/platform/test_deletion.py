"""A deleted organisation leaves nothing: no row in any table, no session, no file."""

from collections import Counter
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import models

from apps.events.archiving.files import folder_of
from apps.events.checkpoints import copies_of
from apps.events.models import Event
from apps.platform.actions import suspend_organisation
from apps.tenants.context import every_tenant, in_tenant
from apps.tenants.models import Tenant
from apps.tenants.row_security import owned_models
from tests.conftest import Person
from tests.security.world import World, make_world


@pytest.fixture
def worlds(db: None) -> tuple[World, World]:
    return make_world("acme"), make_world("globex")


def rows_of(tenant: Tenant) -> Counter[str]:
    with every_tenant():
        return Counter(
            {
                model._meta.label: number
                for model in owned_models()
                if (number := model.unscoped.filter(tenant_id=tenant.pk).count())  # type: ignore[attr-defined]
            }
        )


def delete(operator: Person, tenant: Tenant, name: str) -> int:
    return int(operator.post(f"/tenants/{tenant.pk}/deletion/", {"name": name}).status_code)


def suspend(operator: Person, tenant: Tenant) -> None:
    with in_tenant(operator.tenant):
        from apps.events.actors import Actor

        suspend_organisation(tenant, actor=Actor.system())


def test_nothing_is_left_and_the_other_keeps_everything(olivia: Person, worlds: tuple[World, World]) -> None:
    acme, globex = (world.tenant for world in worlds)
    assert len(rows_of(acme)) > 35  # the control: nearly every table has something
    kept, sessions = rows_of(globex), Session.objects.count()
    suspend(olivia, acme)
    assert delete(olivia, acme, acme.name) == 302
    assert rows_of(acme) == Counter()
    assert rows_of(globex) == kept
    assert not Tenant.objects.filter(pk=acme.pk).exists()
    assert Session.objects.count() == sessions
    with in_tenant(olivia.tenant):
        [event] = Event.objects.filter(type="organization_delete")
    assert (event.target_name, event.actor_name, event.details["slug"]) == (acme.name, "olivia", "acme")


def test_sessions_go_too(olivia: Person, tenant: Tenant, client: object) -> None:
    from django.test import Client

    from tests.conftest import PASSWORD, person

    person(tenant, "ann").client.logout()
    browser = Client()
    assert browser.post("/t/acme/login/", {"username": "ann", "password": PASSWORD}).status_code == 302
    before = Session.objects.count()
    suspend(olivia, tenant)
    delete(olivia, tenant, tenant.name)
    assert Session.objects.count() == before - 1


@pytest.mark.parametrize("name", ["", "acme", "acme robotics", "Globex"])
def test_the_name_has_to_be_typed(olivia: Person, tenant: Tenant, name: str) -> None:
    suspend(olivia, tenant)
    assert delete(olivia, tenant, name) == 422
    assert Tenant.objects.filter(pk=tenant.pk).exists()


def test_one_that_works_is_suspended_first(olivia: Person, tenant: Tenant) -> None:
    answer = olivia.post(f"/tenants/{tenant.pk}/deletion/", {"name": tenant.name})
    assert answer.status_code == 422
    assert "Suspend the organisation first." in answer.content.decode()
    assert "Delete…" not in olivia.get(f"/tenants/{tenant.pk}/").content.decode()
    assert Tenant.objects.filter(pk=tenant.pk).exists()


def test_archives_and_copies_of_checkpoints_go_too(
    olivia: Person, tenant: Tenant, django_capture_on_commit_callbacks: Any
) -> None:
    kept = [folder_of(tenant.pk) / "x.jsonl.gz", copies_of(tenant.pk)]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    suspend(olivia, tenant)
    with django_capture_on_commit_callbacks(execute=True):
        delete(olivia, tenant, tenant.name)
    assert not any(path.exists() for path in kept)


def test_no_row_keeps_a_file_outside_the_database() -> None:
    """Whoever adds one deletes it in apps/platform/actions.py as well."""
    fields = [field for model in owned_models() for field in model._meta.get_fields()]
    assert [field for field in fields if isinstance(field, models.FileField)] == []
