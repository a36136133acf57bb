"""A tenant with one thing of every kind that a URL can name, and a canary in every name that a page could show."""

import copy
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from django.urls import clear_script_prefix
from django.utils import timezone
from PIL import Image

from apps.accounts.announcements import announce
from apps.accounts.models import (
    Administrator,
    LinkPurpose,
    Passkey,
    PeopleAct,
    PeopleRun,
    PortalSession,
    Role,
)
from apps.accounts.one_time_links import add_link
from apps.accounts.organisation_settings import update_organisation
from apps.accounts.people_runs.actions import prepare
from apps.api.actions import add_api_key
from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_members, add_user
from apps.directory.models import Group, User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.archiving import work
from apps.events.chain import seal_all_of_them
from apps.events.checkpoints import make_checkpoint
from apps.events.models import Event, EventCheckpoint
from apps.events.types import EventType
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import (
    Import,
    ImportRow,
    Job,
    PlannedChange,
    PreparedPlan,
    RemoteGroup,
    RemoteUser,
    Synchronization,
)
from apps.saml.actions.key_pairs import add_certificate
from apps.saml.actions.metadata import Received, add_upload
from apps.saml.actions.requests import add_pending_sign_in, pending_sign_in
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.authn_request import AuthnRequest
from apps.saml.logout import runs
from apps.saml.logout.reading import LogoutRequest
from apps.saml.models import SsoSession
from apps.sandbox.actions import add_service_provider, add_target, set_idp_metadata
from apps.scim.actions.group_links import link_group, note_refused_group
from apps.scim.actions.links import note_refusal
from apps.scim.actions.sources import add_scim_token
from apps.scim.errors import EmailExists, GroupExists
from apps.scim.models import ExternalIdentity, PendingGroupLink, PendingLink, ReceivedRequest, Source
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from apps.webhooks import actions as webhooks
from apps.webhooks.models import Delivery, Replay, WebhookSecret
from tests.conftest import person
from tests.saml.metadata import sp_metadata
from tests.saml.metadata_server import several
from tests.sandbox.identity_provider import IdentityProvider
from tests.security.addresses import Address

ASKED = AuthnRequest("_request", "https://wiki.example/acs", "", force_authn=False, is_passive=False)


@dataclass
class World:
    """`owner` administers the tenant, `member` only works in it, `things` are the ids that rows.py names. `keys` and `staff` are what
    people with each role bring: the header of their API key, their browser."""

    tenant: Tenant
    owner: Client
    member: Client
    staff: dict[str, Client] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(
        default_factory=dict
    )  # access of a view to the header that programs send

    @property
    def canary(self) -> str:
        return f"canary-of-{self.tenant.slug}"

    def kwargs(self, named: dict[str, str]) -> dict[str, str]:
        return {
            parameter: thing[1:] if thing.startswith("=") else self.things[thing]
            for parameter, thing in named.items()
        }

    def token_for(self, address: Address) -> str:
        """ "" where a session is what counts."""
        return self.credentials.get(address.name) or self.credentials.get(address.access or "", "")

    def ask(self, address: Address, method: str, path: str) -> "Answer":
        """As the owner: with their session, or with what their programs bring."""
        if token := self.token_for(address):
            return ask(Client(), method, path, headers={"Authorization": f"Bearer {token}"})
        return ask(self.owner, method, path)


def make_world(slug: str) -> World:
    tenant = create_tenant(slug=slug, name=f"{slug.title()} Limited")
    owner = person(tenant, f"owner-of-{slug}", role=Role.OWNER)
    member = person(tenant, f"member-of-{slug}")
    staff = {
        role: person(tenant, f"{role}-of-{slug}", role=role) for role in Role.values if role != Role.OWNER
    }
    staff[Role.OWNER] = owner
    world = World(tenant, owner.client, member.client, {role: each.client for role, each in staff.items()})
    with in_tenant(tenant):
        world.things = _things(world.canary, slug, owner.user)
        token, secret = add_scim_token(actor=Actor.system(), name=world.canary)
        world.things |= {"scim token": str(token.pk), "source": str(token.source_id)}
        world.things["event archive"] = an_event_archive()
        world.things["pending link"] = _pending_link(token.source, world)
        world.things["external identity"] = _identity(token.source, world)
        world.things |= _groups_of(token.source, world)
        world.things |= a_webhook(world.canary)
        update_organisation(tenant, actor=Actor.system(), logo=picture())
        told = announce(tenant, world.canary, until=None, actor=Actor.system())
        world.things["announcement"] = str(told.pk if told else "")
        roles = Administrator.objects.select_related("user")
        for each in roles:
            key, world.keys[each.role] = add_api_key(actor=Actor.system(), owner=each, name=world.canary)
        world.things |= {"api key": str(key.pk), "administrator": str(roles.get(role=Role.READ_ONLY).pk)}
        world.credentials = {"scim_token": secret, "api_key": world.keys[Role.OWNER], **_sandbox(world)}
    return world


def an_event_archive() -> str:
    """All so far, as if it were old; the rows stay where the pages look for them."""
    seal_all_of_them()
    end = make_checkpoint()
    assert end is not None
    work.state(*work.written(None, end))
    return str(EventCheckpoint.objects.exclude(archive={}).get().pk)


def _pending_link(source: Source, world: World) -> str:
    person = User.objects.get(pk=world.things["user"])
    refusal = EmailExists().about(person, external_id=world.canary, user_name=world.canary)
    note_refusal(source, refusal, actor=Actor.system())
    words = {"detail": world.canary, "request": world.canary, "answer": world.canary}
    ReceivedRequest(source=source, method="POST", path="/Users", status=409, seconds=0.1, **words).save()
    return str(PendingLink.objects.get(source=source).pk)


def _identity(source: Source, world: World) -> str:
    slug = world.tenant.slug
    names = {"username": f"{world.canary}-given", "email": f"given-{world.canary}@{slug}.example"}
    told = {"external_id": f"{world.canary}-1", "user_name": names["username"]}
    identity = ExternalIdentity(source=source, user=add_user(actor=Actor.system(), **names), **told)
    identity.save()
    return str(identity.pk)


def _groups_of(source: Source, world: World) -> dict[str, str]:
    """One group that waits, and one that was given."""
    group = Group.objects.get(pk=world.things["group"])
    refusal = GroupExists().about(group, external_id=world.canary)
    note_refused_group(source, refusal, actor=Actor.system())
    given = add_group(actor=Actor.system(), name=f"{world.canary} given")
    owned = link_group(given, source=source, actor=Actor.system())
    waiting = PendingGroupLink.objects.get(source=source)
    return {"pending group link": str(waiting.pk), "external group": str(owned.pk)}


def _things(canary: str, slug: str, owner: User) -> dict[str, str]:
    """What rows.py names. A group that the owner is in opens each application."""
    system = Actor.system()
    names = {"first_name": canary, "last_name": canary, "display_name": canary, "job_title": canary}
    user = add_user(actor=system, username=canary, email=f"{canary}@{slug}.example", **names)
    group = add_group(actor=system, name=canary, description=canary)
    add_members(group, [user, owner], actor=system)
    # The slug is the asker's own word and may come back to them: no canary in it.
    labels = {"display_label": canary, "description": canary, "logo": picture()}
    application = add_application(actor=system, connector="custom_saml", slug=f"wiki-at-{slug}", **labels)
    bookmark = add_application(
        actor=system,
        connector="bookmark",
        slug=f"menu-at-{slug}",
        bookmark_url="https://menu.example/",
        **labels,
    )
    acs_urls = [{"url": ASKED.acs_url, "index": 0, "is_default": True}]
    update_sso(sso_of(application), actor=system, sp_entity_id="https://wiki.example/", acs_urls=acs_urls)
    update_sso(sso_of(application), actor=system, slo_url="https://wiki.example/slo")
    for each in (application, bookmark):
        assign_group(each, group, actor=system)
    integration = configure_integration(application, actor=system, base_url="https://wiki.example/scim")
    job = Job.objects.create(integration=integration, kind="user", resource_id=user.pk, resource_name=canary)
    run = Import.objects.create(integration=integration, state="ready", actor_name=canary)
    ImportRow.objects.create(run=run, remote_id=canary, name=canary, user_name=canary, problem=canary)
    synchronization = Synchronization.objects.create(
        integration=integration, actor_name=canary, actor_kind="system", cause="request"
    )
    plan = PreparedPlan.objects.create(integration=integration, ready_at=timezone.now(), changes=1)
    PlannedChange.objects.create(
        plan=plan, number=0, kind="user", resource_id=user.pk, name=canary, operation="create"
    )
    RemoteUser.objects.create(integration=integration, user=user, name=canary, remote_id=canary)
    RemoteGroup.objects.create(integration=integration, group=group, name=canary, remote_id=canary)
    return {
        "user": str(user.pk),
        "group": str(group.pk),
        "application": str(application.pk),
        "application slug": application.slug,
        "bookmark slug": bookmark.slug,
        "certificate": str(add_certificate(application, actor=system).pk),
        "metadata upload": str(add_upload(application, Received(metadata_of_two(canary))).pk),
        "sign-in request": str(_waiting(application).pk),
        **_sign_outs(application, user),
        "integration": str(integration.pk),
        "job": str(job.pk),
        "import": str(run.pk),
        "people run": str(_people_run(owner).pk),
        "synchronization": str(synchronization.pk),
        "plan": str(plan.pk),
        "reset link": add_link(owner, LinkPurpose.RESET),
        "invitation": add_link(owner, LinkPurpose.INVITATION),
        "portal session": str(_portal_session(owner).pk),
        "session of the user": str(_portal_session(user, handle="another").pk),
        "passkey": str(_passkey(owner, canary).pk),
        "offboarding": str(_offboarding(user).pk),
        "event": str(Event.objects.get(target_id=str(user.pk), type=EventType.USER_CREATE).pk),
    }


def _passkey(owner: User, name: str) -> Passkey:
    return Passkey.objects.create(user=owner, name=name, credential_id="AAAA", public_key=b"x")  # type: ignore[no-any-return]


def _offboarding(user: User) -> Event:
    """As if they had been deactivated: the others need them active."""
    record(EventType.USER_SUSPENDED, actor=Actor.system(), target=Target.of("user", user))
    found: Event = Event.objects.get(type=EventType.USER_SUSPENDED, target_id=str(user.pk))
    return found


def _people_run(owner: User) -> PeopleRun:
    """Deactivates the owner's only colleague there is: themselves; it waits to be started."""
    return prepare(PeopleAct.DEACTIVATE, User.objects.filter(pk=owner.pk), actor=Actor.system())


def a_webhook(canary: str) -> dict[str, str]:
    """Of an endpoint where nobody listens. A delivery that is over, so that no worker sends it."""
    webhook, _secret = webhooks.add_webhook(
        actor=Actor.system(), name=canary, url=f"http://127.0.0.1:9/{canary}", event_groups=["sign_ins"]
    )
    event = Event.objects.latest("created_at")
    now = timezone.now()
    delivery = Delivery.objects.create(
        webhook=webhook, event_id=event.pk, event_type=event.type, event_at=now, body=canary, state="failed"
    )
    replay = Replay.objects.create(
        webhook=webhook, since=now, until=now, actor_name=canary, actor_kind="system", state="done"
    )
    return {
        "webhook": str(webhook.pk),
        "webhook secret": str(WebhookSecret.objects.get(webhook=webhook).pk),
        "delivery": str(delivery.pk),
        "replay": str(replay.pk),
    }


def _portal_session(owner: User, handle: str = "handle") -> PortalSession:
    now = timezone.now()
    return PortalSession.objects.create(  # type: ignore[no-any-return]
        user=owner, handle=handle, session_key="key", started_at=now, last_seen_at=now
    )


def _waiting(application: Any) -> Any:
    pending = pending_sign_in(application, ASKED)
    add_pending_sign_in(pending)
    return pending


def _sign_outs(application: Any, user: User) -> dict[str, str]:
    """One that the application asked for and nobody followed, one that it waits for an answer to, and one of the portal's own."""
    waiting, answered = (
        runs.add_logout_request(application, LogoutRequest(f"_{number}", user.email, (), ""))
        for number in range(2)
    )
    runs.claim(answered)
    at = {"session_index": "_i", "name_id": user.email, "name_id_format": "emailAddress"}
    SsoSession.objects.create(
        application=application,
        user=user,
        session_handle="handle",
        ends_at=timezone.now() + timedelta(hours=1),
        **at,
    )
    run = runs.begin(None, "handle")
    assert run is not None
    return {
        "sign-out request": str(waiting.pk),
        "sign-out to answer": str(answered.pk),
        "sign-out": str(run.pk),
        "sign-out step": str(run.steps.get().pk),
    }


def _sandbox(world: World) -> dict[str, str]:
    slug = world.tenant.slug
    provider = add_service_provider(slug=f"blog-at-{slug}", label=world.canary)
    set_idp_metadata(provider, xml=IdentityProvider().metadata())
    target, token = add_target(slug=f"team-at-{slug}", label=world.canary)
    world.things |= {"service provider slug": provider.slug, "target slug": target.slug}
    return {"target_token": token}


def metadata_of_two(canary: str) -> bytes:
    """To choose from."""
    named = f'<md:Organization><md:OrganizationName xml:lang="en">{canary}</md:OrganizationName></md:Organization>'
    one = sp_metadata().replace(b"</md:EntityDescriptor>", f"{named}</md:EntityDescriptor>".encode())
    return several(one, sp_metadata(entity_id="https://other.example"))


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@contextmanager
def undone(client: Client) -> Iterator[None]:
    """What a request changed, in the database and in the browser's cookies, is forgotten: each finds the same world."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = cookies
    clear_script_prefix()


def ask(client: Client, method: str, path: str, **extra: Any) -> Answer:
    """A view that fails is an answer of 500, so that one walk tells about all of them."""
    return _asked(
        client, lambda: client.generic(method, path, "", "application/x-www-form-urlencoded", **extra)
    )


def submit(client: Client, path: str, data: dict[str, Any]) -> Answer:
    """A form, as a browser sends it."""
    return _asked(client, lambda: client.post(path, data))


def _asked(client: Client, send: Callable[[], Any]) -> Answer:
    client.raise_request_exception = False
    with undone(client):
        response = send()
        body = b"".join(response.streaming_content) if response.streaming else response.content
    return Answer(response.status_code, dict(response.headers), body.decode(errors="replace"))
