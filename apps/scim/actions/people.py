"""People whom a source created, or who were given to it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.access import role_of
from apps.accounts.one_time_links import invite
from apps.directory import actions as directory
from apps.directory.errors import FieldsInvalid, FieldsTaken, LastOwner
from apps.directory.models import User
from apps.directory.validators import fold
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.plain_fields import clean_fields
from apps.lib.transactions import joining
from apps.scim.actions.secondary_emails import Emails, is_secondary, keep_secondary, told_of
from apps.scim.errors import EmailExists, ReadOnlyHere
from apps.scim.lookups import ADDRESS, KNOWN, NAME, arriving, signs_in
from apps.scim.models import ExternalIdentity, Source
from apps.scim.user_names import free_username
from apps.tenants.making import new
from apps.tenants.prepared import insert, update
from apps.tenants.running import together

CHANGING = ("external_id", "user_name", "user_name_key", "claimed", "deleted_at")


@joining
def add_person(
    *,
    source: Source,
    actor: Actor,
    external_id: str = "",
    active: bool = True,
    secondary: Emails | None = None,
    **fields: str,
) -> User:
    """
    A new person of the source's, or the same one again who had left. Raises FieldsInvalid, FieldsTaken, EmailExists, ReadOnlyHere, and
    IntegrityError when another request was faster: asked again, the same questions have another answer.
    """
    fields = {"email": ""} | fields  # which the directory then refuses
    user_name = fields["username"].strip()
    keys = {"name_key": fold(user_name), "email_key": fold(fields["email"])}
    so = arriving(source, external_id=external_id, **keys)
    known = _known(source, external_id, **keys) if KNOWN in so else []
    same = next((identity for identity in known if _is_same(identity, external_id)), None)
    if same is not None:
        return _come_back(
            same, actor=actor, external_id=external_id, active=active, secondary=secondary, **fields
        )
    for former in known:
        _set_aside(former, names=set(keys.values()), actor=actor)
    # Of its own people the source says who has which address, also when two have the same (docs/decisions/0028).
    held, stranger = _held_by(source, fields["email"]) if ADDRESS in so else (False, None)
    if stranger is not None:
        raise EmailExists().about(stranger, external_id=external_id, user_name=user_name)
    # What was sent is held to the same rules as what is stored; the portal's own name may get a number.
    fields["username"] = free_username(user_name) if NAME in so else user_name
    with together():
        user = directory.add_new_user(actor=actor, active=active, shares_email=held, **fields)
        identity = new(
            ExternalIdentity, source=source, user=user, external_id=external_id, user_name=user_name
        )
        _save(identity)
    keep_secondary(identity, secondary or [], actor=actor)
    _welcome(identity, user, actor=actor)
    return _known_as(identity)


@joining
def update_person(
    identity: ExternalIdentity,
    *,
    actor: Actor,
    external_id: str | None = None,
    active: bool | None = None,
    secondary: Emails | None = None,
    **fields: str,
) -> User:
    """
    None leaves as it is. The identity's person is as the transaction has locked it (apps.scim.lookups.seen_person). Raises FieldsInvalid,
    FieldsTaken, ReadOnlyHere, and IntegrityError as above.
    """
    user = identity.user
    changed = _changes(identity, fields)
    others_change = secondary is not None and secondary != identity.secondary_emails
    if (changed or others_change) and role_of(user) is not None:
        # Whoever may rename an administrator or re-point their mail could become them. Losing access is always allowed.
        raise ReadOnlyHere(_("This person is an administrator here: only active may change."))
    shares = _shares(identity, changed)
    _follow(identity, external_id, fields.get("username"))
    if secondary is not None:
        keep_secondary(identity, secondary, actor=actor)
    if changed or user.shares_email:  # whose address may be free by now
        identity.user = directory.update_user(user, actor=actor, shares_email=shares, **changed)
    if active is not None:
        identity.user = _switch(identity, active=active, actor=actor)
    return _known_as(identity)


@joining
def remove_person(identity: ExternalIdentity, *, actor: Actor) -> None:
    """
    They lose every session and all access now. The row stays, so that whoever comes back is the same person
    (apps/scim/deletions.py). Raises ReadOnlyHere.
    """
    _switch(identity, active=False, actor=actor)
    if identity.deleted_at is None:
        record(EventType.SCIM_USER_DELETE, actor=actor, target=Target.of("user", identity.user))
        identity.deleted_at = timezone.now()
        update(identity, ("deleted_at",))


def _known(source: Source, external_id: str, *, name_key: str, email_key: str) -> list[ExternalIdentity]:
    """By the source's own id before its name for them; whom it deleted, by their address as well. The best first."""
    own = ExternalIdentity.objects.select_for_update(of=("self",)).select_related("user", "source")
    own, name = own.filter(source=source), Q(user_name_key=name_key)
    here = name & Q(deleted_at=None)
    if external_id:
        here |= Q(external_id=external_id)
    # Two questions, each with an index of its own: one OR over both tables would read everybody.
    left = own.exclude(deleted_at=None).filter(name | Q(user__email_key=email_key))
    found = {identity.pk: identity for rows in (own.filter(here), left) for identity in rows}
    return sorted(
        found.values(),
        key=lambda each: (not external_id or each.external_id != external_id, each.deleted_at is not None),
    )


def _is_same(identity: ExternalIdentity, external_id: str) -> bool:
    """Names are given to other people in time: whoever was deleted comes back under their own externalId, where there is one."""
    return identity.deleted_at is None or not external_id or identity.external_id in {"", external_id}


def _come_back(
    identity: ExternalIdentity,
    *,
    actor: Actor,
    external_id: str,
    active: bool,
    secondary: Emails | None,
    **fields: str,
) -> User:
    if identity.user.active and identity.claimed and identity.deleted_at is None:
        same_id = external_id and identity.external_id == external_id
        taken = "external_id" if same_id else "username"
        raise FieldsTaken({taken: [_("This is already taken.")]})
    identity.user = directory.locked(identity.user)  # what they are now decides what is to be changed
    identity.deleted_at, identity.claimed = None, False  # which update_person sees, and saves
    return update_person(
        identity,
        actor=actor,
        external_id=external_id or None,
        active=active,
        secondary=secondary,
        **fields,
    )


def _set_aside(former: ExternalIdentity, *, names: set[str], actor: Actor) -> None:
    """
    The user name and the address of somebody who was deleted go to the person who comes under another externalId. Everything else
    stays theirs: id, groups, password, second factor, accounts in applications. Who is not the source's alone keeps the names too.
    """
    user = former.user
    others = ExternalIdentity.objects.filter(user=user).exclude(pk=former.pk)
    if user.active or not former.created_person or role_of(user) is not None or others.exists():
        return
    renamed = {"username": free_username(user.username)} if user.username_key in names else {}
    directory.update_user(
        user, actor=actor, shares_email=user.shares_email or user.email_key in names, **renamed
    )


def _changes(identity: ExternalIdentity, fields: dict[str, str]) -> dict[str, str]:
    """Which directory fields change. The portal's own user name moves only when the source's does. Raises ReadOnlyHere."""
    user, wanted = identity.user, dict(fields)
    sent = wanted.pop("username", identity.user_name).strip()
    if not identity.created_person:
        if "email" in wanted and not _is_theirs(user, fold(wanted["email"])):
            raise ReadOnlyHere(
                _(
                    "emails.value: An administrator linked this person; their address is changed in the console."
                )
            )
        wanted.pop("email", None)
    elif fold(sent) != identity.user_name_key or sent != identity.user_name:
        wanted["username"] = free_username(sent, besides=user)
    return {field: value for field, value in wanted.items() if getattr(user, field) != value.strip()}


def _is_theirs(user: User, email_key: str) -> bool:
    """Whoever was linked may be known by another address there than here, one that is theirs as well."""
    return email_key == user.email_key or told_of(email_key).filter(pk=user.pk).exists()


def _held_by(source: Source, email: str, *, besides: User | None = None) -> tuple[bool, User | None]:
    """Whether other people sign in with it, and one whom the source does not own of those who do or of whom it is told, if there is one."""
    key = fold(email)
    used, told = signs_in(key), is_secondary(key)
    if not used and not told:
        return False, None
    others = User.objects.exclude(pk=besides.pk) if besides else User.objects.all()
    holders = list(others.named(email)) if used else []
    known = [*holders, *(others.filter(pk__in=told_of(key)) if told else ())]
    identities = ExternalIdentity.objects.filter(source=source, deleted_at=None, user__in=known)
    own = set(identities.values_list("user", flat=True)) if known else set()
    return bool(holders), next((each for each in known if each.pk not in own), None)


def _shares(identity: ExternalIdentity, changed: dict[str, str]) -> bool | None:
    """None leaves it to the directory. Raises FieldsTaken."""
    if "email" not in changed:
        return None
    held, stranger = _held_by(identity.source, changed["email"], besides=identity.user)
    if stranger is not None:
        raise FieldsTaken({"email": [_("This is already taken.")]})
    return held


def _switch(identity: ExternalIdentity, *, active: bool, actor: Actor) -> User:
    """In this transaction sessions end, assertions stop, and every application is owed the news."""
    if active == identity.user.active:
        return identity.user
    if active:
        if role_of(identity.user) is not None:
            # Their role would come back with them.
            raise ReadOnlyHere(_("active: An administrator's account is opened again in the console only."))
        user = directory.reactivate_user(identity.user, actor=actor)
        _welcome(identity, user, actor=actor)
        return user
    try:
        return directory.deactivate_user(identity.user, actor=actor)
    except LastOwner as error:
        raise ReadOnlyHere(_("active: The last owner of the organisation cannot be deactivated.")) from error


def _welcome(identity: ExternalIdentity, user: User, *, actor: Actor) -> None:
    """A letter with a link, for whoever can come in from now on and has no password yet."""
    if identity.source.invites and user.active and not user.has_usable_password():
        invite(user, actor=actor)


def _follow(identity: ExternalIdentity, external_id: str | None, user_name: str | None) -> None:
    """What the source now calls them."""
    before = _names(identity)
    identity.external_id = identity.external_id if external_id is None else external_id
    identity.user_name = identity.user_name if user_name is None else user_name.strip()
    identity.claimed = True
    if before != _names(identity):
        _save(identity)


def _known_as(identity: ExternalIdentity) -> User:
    """As apps.scim.lookups finds them: nobody has to read again what has just been written."""
    identity.user.own_identities = [identity]  # type: ignore[attr-defined]
    return identity.user


def _names(identity: ExternalIdentity) -> Any:
    return identity.external_id, identity.user_name, identity.claimed


def _save(identity: ExternalIdentity) -> None:
    """Raises FieldsInvalid, FieldsTaken, and IntegrityError when another request was faster."""
    identity.fill_keys()
    try:
        clean_fields(identity, exclude={"tenant", "source", "user", "user_name_key"})
    except ValidationError as error:
        raise FieldsInvalid.from_validation(error) from error
    if identity._state.adding:  # noqa: SLF001 - Django's own way to ask
        insert(identity)
    else:
        _check_free(identity)
        update(identity, CHANGING)


def _check_free(identity: ExternalIdentity) -> None:
    """Raises FieldsTaken."""
    others = ExternalIdentity.objects.filter(source=identity.source_id).exclude(pk=identity.pk)
    taken = {
        "username": others.filter(user_name_key=identity.user_name_key, deleted_at=None),
        "external_id": others.exclude(external_id="").filter(external_id=identity.external_id),
    }
    for field, rows in taken.items():
        if rows.exists():
            raise FieldsTaken({field: [_("This is already taken.")]})
