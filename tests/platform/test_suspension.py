"""A suspended organisation: every door is shut, nothing is lost, and resuming goes on where it stopped."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Administrator
from apps.api.actions import add_api_key
from apps.applications.actions import add_application
from apps.directory.actions import add_group, add_member
from apps.directory.models import User
from apps.events.models import Event
from apps.mail import delivery
from apps.mail.models import Letter
from apps.mail.tasks import deliver
from apps.outbox import tasks as outbox
from apps.outbox.models import Entry
from apps.platform.actions import resume_organisation, suspend_organisation
from apps.provisioning import tasks as provisioning
from apps.provisioning.models import Integration
from apps.scim.actions.sources import add_scim_token
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD
from tests.console.conftest import active, engineering, gitlab, path, target, work  # noqa: F401 - fixtures


def switch(operator: Any, tenant: Any, act: str) -> None:
    assert operator.post(f"/tenants/{tenant.pk}/{act}/").status_code == 302
    tenant.refresh_from_db()


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def doors(alice: Any, bob: Any, system: Any) -> dict[str, Any]:
    """Name → a request that enters while the organisation works."""
    with in_tenant(alice.tenant):
        application = add_application(
            actor=system, connector="custom_saml", display_label="Wiki", slug="wiki", parameters={}
        )
        _, key = add_api_key(actor=system, owner=Administrator.objects.get(), name="script")
        _, token = add_scim_token(actor=system, name="Okta")
    stranger, program = Client(), Client()
    password = {"username": "bob", "password": PASSWORD}
    return {
        "sign-in page": lambda: stranger.get("/t/acme/login/"),
        "sign-in": lambda: Client().post("/t/acme/login/", password),
        "launcher": lambda: bob.get("/"),
        "console": lambda: alice.get("/console/"),
        "metadata": lambda: stranger.get(f"/t/acme/saml2/{application.slug}/metadata"),
        "REST": lambda: program.get("/t/acme/api/v1/users/", headers=bearer(key)),
        "SCIM": lambda: program.get("/t/acme/scim/v2/Users", headers=bearer(token)),
    }


def test_every_door_is_shut_and_opens_again(olivia: Any, alice: Any, doors: dict[str, Any]) -> None:
    assert all(door().status_code in {200, 302} for door in doors.values())
    switch(olivia, alice.tenant, "suspension")
    shut = {name: door().status_code for name, door in doors.items()}
    assert shut == dict.fromkeys(doors, 404) | {"REST": 503, "SCIM": 503}
    switch(olivia, alice.tenant, "resumption")
    assert all(
        door().status_code in {200, 302} for door in doors.values()
    )  # sessions as well: bob's and alice's


def test_no_identity_provider_loses_what_it_has_to_tell(olivia: Any, alice: Any, system: Any) -> None:
    with in_tenant(alice.tenant):
        _, token = add_scim_token(actor=system, name="Okta")
    new = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "zoe", "active": True}
    new |= {"emails": [{"value": "zoe@acme.example", "primary": True}]}

    def push() -> Any:
        address, kind = "/t/acme/scim/v2/Users", "application/scim+json"
        return Client().post(address, new, content_type=kind, headers=bearer(token))

    switch(olivia, alice.tenant, "suspension")
    answer = push()
    assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
    with in_tenant(alice.tenant):
        assert not User.objects.filter(username="zoe").exists()
    switch(olivia, alice.tenant, "resumption")
    assert push().status_code == 201


def test_workers_stand_still_and_go_on(
    olivia: Any,
    alice: Any,
    bob: Any,
    engineering: Any,  # noqa: F811
    active: Any,  # noqa: F811 - the application that is written to
    system: Any,
) -> None:
    tenant = alice.tenant
    before = len(active.users)
    with in_tenant(tenant):
        integration = Integration.objects.get()
        add_member(engineering, alice.user, actor=system)
        owed = Entry.objects.count()
    assert owed > 0

    def worker() -> None:
        outbox.relay.apply(args=[str(tenant.pk)])
        provisioning.work.apply(args=[str(tenant.pk), str(integration.pk)])

    switch(olivia, tenant, "suspension")
    worker()
    with in_tenant(tenant):
        assert Entry.objects.count() == owed
    assert len(active.users) == before
    switch(olivia, tenant, "resumption")
    worker()
    with in_tenant(tenant):
        assert Entry.objects.count() == 0
    assert len(active.users) == before + 1


def test_mail_waits(olivia: Any, alice: Any, mailoutbox: Any) -> None:
    alice.post("/console/settings/administrators/new/", {"person": "eve@acme.example", "role": "read_only"})
    switch(olivia, alice.tenant, "suspension")
    deliver.apply(args=[str(alice.tenant.pk)])
    assert mailoutbox == []
    assert delivery.tenants_with_due_letters() == [str(alice.tenant.pk)]
    switch(olivia, alice.tenant, "resumption")
    deliver.apply(args=[str(alice.tenant.pk)])
    assert [mail.to for mail in mailoutbox] == [["eve@acme.example"]]
    with in_tenant(alice.tenant):
        assert Letter.objects.count() == 0


def test_it_is_told_once_in_both_logs(olivia: Any, tenant: Any) -> None:
    for act in (suspend_organisation, suspend_organisation, resume_organisation, resume_organisation):
        with in_tenant(olivia.tenant):
            from apps.events.actors import Actor

            act(tenant, actor=Actor.system())
    wanted = ["organization_suspend", "organization_resume"]
    for place in (tenant, olivia.tenant):
        with in_tenant(place):
            found = Event.objects.filter(target_kind="organization").order_by("created_at")
            assert list(found.values_list("type", flat=True)) == wanted


def test_another_organisation_goes_on(olivia: Any, tenant: Any, charlie: Any, system: Any) -> None:
    switch(olivia, tenant, "suspension")
    assert charlie.get("/console/").status_code == 200
    with in_tenant(charlie.tenant):
        add_group(actor=system, name="Sales")
    outbox.relay.apply(args=[str(charlie.tenant.pk)])
    with in_tenant(charlie.tenant):
        assert Entry.objects.count() == 0
