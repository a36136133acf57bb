"""The last owner stays, whichever door somebody leaves by."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from apps.accounts.actions import add_administrator, change_role, remove_administrator
from apps.accounts.models import Administrator, Role
from apps.api.actions import remove_person, update_person
from apps.directory.actions import add_user, deactivate_user, reactivate_user, remove_user
from apps.directory.errors import LastOwner
from apps.directory.models import User
from apps.events.actors import Actor
from apps.scim.actions.people import _switch
from apps.scim.errors import ReadOnlyHere
from apps.scim.models import ExternalIdentity, Source
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant
from tests.conftest import Person, person

SYSTEM = Actor.system()


def role(user: User) -> Administrator:
    found: Administrator = Administrator.objects.get(user=user)
    return found


def by_a_source(user: User) -> None:
    source = Source.objects.create(name="Okta")
    identity = ExternalIdentity.objects.create(source=source, user=user, user_name=user.username)
    _switch(identity, active=False, actor=SYSTEM)


DOORS: dict[str, Callable[[User], object]] = {
    "deactivated": lambda user: deactivate_user(user, actor=SYSTEM),
    "deleted": lambda user: remove_user(user, actor=SYSTEM),
    "deactivated by the API": lambda user: update_person(user, actor=SYSTEM, active=False),
    "deleted by the API": lambda user: remove_person(user, actor=SYSTEM),
    "deactivated by a source": by_a_source,
    "demoted": lambda user: change_role(role(user), Role.ADMINISTRATOR, actor=SYSTEM),
    "without a role": lambda user: remove_administrator(role(user), actor=SYSTEM),
}
every_door = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)


@every_door
def test_the_last_owner_stays(alice: Person, bob: Person, door: Callable[[User], object]) -> None:
    with in_tenant(alice.tenant):
        add_administrator(bob.user, actor=SYSTEM, role=Role.ADMINISTRATOR)
        with pytest.raises((LastOwner, ReadOnlyHere)):
            door(alice.user)
        assert (role(alice.user).role, User.objects.get(pk=alice.user.pk).active) == ("owner", True)


@every_door
def test_a_deactivated_owner_is_none(alice: Person, bob: Person, door: Callable[[User], object]) -> None:
    with in_tenant(alice.tenant):
        add_administrator(bob.user, actor=SYSTEM, role=Role.OWNER)
        deactivate_user(bob.user, actor=SYSTEM)
        with pytest.raises((LastOwner, ReadOnlyHere)):
            door(alice.user)


@every_door
def test_one_of_two_owners_may_go(alice: Person, bob: Person, door: Callable[[User], object]) -> None:
    """The control; and whoever is no owner goes anyway."""
    with in_tenant(alice.tenant):
        add_administrator(bob.user, actor=SYSTEM, role=Role.OWNER)
        door(alice.user)
        left = Administrator.objects.filter(role=Role.OWNER, user__active=True)
        assert [one.user for one in left] == [bob.user]


def test_a_deactivated_owner_comes_back_with_the_role(alice: Person, bob: Person) -> None:
    with in_tenant(alice.tenant):
        add_administrator(bob.user, actor=SYSTEM, role=Role.OWNER)
        reactivate_user(deactivate_user(bob.user, actor=SYSTEM), actor=SYSTEM)
        assert role(bob.user).role == Role.OWNER


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "doors",
    [
        ("deactivated", "deactivated"),
        ("demoted", "demoted"),
        ("demoted", "deactivated"),
        ("demoted", "without a role"),
    ],
)
def test_two_owners_do_not_go_at_once(doors: tuple[str, str]) -> None:
    """Each sees the other until both are gone: only a lock keeps one. On SQLite writers queue anyway."""
    tenant = create_tenant(slug="acme", name="Acme")
    owners = [person(tenant, name, role=Role.OWNER).user for name in ("one", "two")]
    together = Barrier(2)

    def leave(user: User, door: str) -> bool:
        try:
            with in_tenant(tenant):
                together.wait()
                DOORS[door](user)
        except LastOwner:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        gone = list(pool.map(leave, owners, doors))
    assert sorted(gone) == [False, True]
    with in_tenant(tenant):
        assert Administrator.objects.filter(role=Role.OWNER, user__active=True).count() == 1


def test_who_is_no_owner_is_not_asked_for(alice: Person) -> None:
    with in_tenant(alice.tenant):
        user = add_user(actor=SYSTEM, username="ann", email="ann@acme.example")
        remove_user(deactivate_user(user, actor=SYSTEM), actor=SYSTEM)
        assert not User.objects.filter(username="ann").exists()
