"""Who administers the organisation: the list, and how somebody gets a role."""

from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from apps.accounts.access import role_of
from apps.accounts.actions import add_administrator
from apps.accounts.models import Administrator, Authenticator, Passkey
from apps.accounts.one_time_links import invite
from apps.directory.actions import add_user
from apps.directory.errors import FieldsInvalid, FieldsTaken
from apps.directory.models import User
from apps.events.actors import Actor


def administrators_of_tenant() -> Any:
    """QuerySet with `user` and `second_factor`, whether they have one; oldest role first."""
    rows = with_second_factor(Administrator.objects.select_related("user"), person="user")
    return rows.order_by("created_at", "pk")


def with_second_factor(rows: Any, *, person: str = "pk") -> Any:
    """The QuerySet with `second_factor`: whether whom `person` names has an authenticator app that works, or a passkey."""
    confirmed = Authenticator.objects.filter(user=OuterRef(person), confirmed_at__isnull=False)
    passkeys = Passkey.objects.filter(user=OuterRef(person))
    return rows.annotate(second_factor=Exists(confirmed) | Exists(passkeys))


@transaction.atomic
def appoint(name: str, role: str, *, actor: Actor) -> tuple[Administrator, bool]:
    """
    `name` is a person's user name or e-mail address; whoever is not here yet is added under that address and invited, of which
    the second value tells. Raises FieldsInvalid and FieldsTaken about "person".
    """
    found = list(User.objects.named(name)[:2])
    if len(found) > 1:
        raise FieldsInvalid({"person": [_("This stands for two people. Give the e-mail address.")]})
    invited = not found
    user = found[0] if found else _newcomer(name.strip(), actor=actor)
    if role_of(user) is not None:
        raise FieldsTaken({"person": [_("This person has a role already: change it in the list.")]})
    administrator = add_administrator(user, actor=actor, role=role)
    if invited:
        invite(user, actor=actor)
    return administrator, invited


def _newcomer(address: str, *, actor: Actor) -> User:
    if "@" not in address:
        raise FieldsInvalid(
            {"person": [_("Nobody here is called so. To invite somebody new, give their e-mail address.")]}
        )
    return add_user(actor=actor, username=address, email=address)
