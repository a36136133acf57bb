"""What can be made before anything is served: tenant, people, groups, and the keys that scripts use."""

from django.db import transaction

from apps.accounts.actions import add_administrator
from apps.accounts.models import Administrator, Role
from apps.api.actions import add_api_key
from apps.api.models import ApiKey
from apps.directory.actions import add_group, add_members, add_user, set_password
from apps.directory.models import Group, SecondFactor, User
from apps.directory.policies import update_policy
from apps.events.actors import Actor
from apps.lib.crypto import token_key_id
from apps.scim.actions.sources import add_scim_token
from apps.scim.models import ScimToken
from apps.tenants.actions import create_tenant
from apps.tenants.models import Tenant
from portal.demo import cast

SYSTEM = Actor.system()


def tenant() -> Tenant:
    known = Tenant.objects.filter(slug=cast.TENANT).first()
    return known or create_tenant(slug=cast.TENANT, name=cast.TENANT_NAME)


@transaction.atomic
def people_and_groups(password: str) -> None:
    """First start: makes everybody, or nobody if it is cut short. Every start: the password is the one that was asked for."""
    if not User.objects.exists():
        _make_everybody()
        # Everybody's password stands on the screen: a second factor would guard nothing, and be asked for in a week.
        update_policy(actor=SYSTEM, second_factor=SecondFactor.OPTIONAL)
    for username in (person.username for person in cast.PEOPLE):
        user = User.objects.filter(username=username).first()
        if user is not None and not user.check_password(password):
            set_password(user, password, actor=SYSTEM, enforce_policy=False)


def _make_everybody() -> None:
    groups = {
        name: add_group(actor=SYSTEM, name=name, description=text) for name, text in cast.GROUPS.items()
    }
    members: dict[Group, list[User]] = {group: [] for group in groups.values()}
    for person in cast.PEOPLE:
        user = add_user(
            actor=SYSTEM,
            username=person.username,
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            display_name=f"{person.first_name} {person.last_name}",
            job_title=person.job_title,
            timezone=person.timezone,
        )
        for name in person.groups:
            members[groups[name]].append(user)
    for group, users in members.items():
        add_members(group, users, actor=SYSTEM)
    add_administrator(User.objects.get(username=cast.ADMINISTRATOR), actor=SYSTEM, role=Role.OWNER)


def api_key(known: str) -> str:
    """The key of the last start while it is good; otherwise a new one."""
    if known and ApiKey.objects.filter(key_id=token_key_id(known), revoked_at=None).exists():
        return known
    owners = Administrator.objects.filter(
        role=Role.OWNER
    )  # there is always one, whom the visitor may have chosen
    owner = owners.filter(user__username=cast.ADMINISTRATOR).first() or owners.earliest("created_at")
    return add_api_key(actor=SYSTEM, owner=owner, name="Demo")[1]


def scim_token(known: str) -> str:
    if known and ScimToken.objects.filter(key_id=token_key_id(known), revoked_at=None).exists():
        return known
    return add_scim_token(actor=SYSTEM, name="Demo identity provider")[1]
