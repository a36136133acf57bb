"""
Links in mails by which a person sets their password: an invitation for somebody new, a reset for whoever forgot theirs.

A link is good once, for a while, for one purpose in one organisation, and only as long as the account is what it was: another password,
another e-mail address or a deactivation ends it.
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import FailedSignIn, LinkPurpose, OneTimeLink
from apps.accounts.notices import recipient
from apps.directory.actions import set_password
from apps.directory.errors import FieldsInvalid
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.crypto import new_token, token_key_id, token_matches
from apps.mail.enqueue import Message, post
from apps.tenants.addresses import tenant_url

LIFETIME = {
    LinkPurpose.RESET: dt.timedelta(hours=1),
    LinkPurpose.INVITATION: dt.timedelta(days=7),
}
EVENT = {LinkPurpose.RESET: EventType.USER_PASSWORD_LINK, LinkPurpose.INVITATION: EventType.USER_INVITE}


class LinkOver(Exception):
    """Used, too old, made for something else, or never made: which of them is nobody's business."""


def invite(user: User, *, actor: Actor) -> None:
    """A mail with a link to set the first password, within seven days. Raises FieldsInvalid for a deactivated person."""
    _send(user, LinkPurpose.INVITATION, actor=actor)


def send_reset_link(user: User, *, actor: Actor) -> None:
    """A mail with a link to set a new password, within an hour. The present one stays good meanwhile. Raises FieldsInvalid."""
    _send(user, LinkPurpose.RESET, actor=actor)


def send_password_link(user: User, *, actor: Actor) -> LinkPurpose:
    """The one of both that fits. Raises FieldsInvalid for a deactivated person."""
    purpose = LinkPurpose.RESET if user.has_usable_password() else LinkPurpose.INVITATION
    _send(user, purpose, actor=actor)
    return purpose


@transaction.atomic
def _send(user: User, purpose: LinkPurpose, *, actor: Actor) -> None:
    if not user.active:
        raise FieldsInvalid({"active": [_("Somebody who is deactivated cannot set a password.")]})
    token = add_link(user, purpose)
    record(EVENT[purpose], actor=actor, target=Target.of("user", user), details={"address": user.email})
    post(lambda: _message(user, purpose, token), [recipient(user)])


@transaction.atomic
def add_link(user: User, purpose: LinkPurpose) -> str:
    """The token, which nobody can read again. Earlier links stay good: asking anew must not take away what is under way."""
    OneTimeLink.objects.filter(expires_at__lt=timezone.now()).delete()
    new = new_token(purpose.value)
    OneTimeLink.objects.create(
        user=user,
        purpose=purpose,
        key_id=new.key_id,
        digest=new.digest,
        account_digest=_account_digest(user),
        expires_at=timezone.now() + LIFETIME[purpose],
    )
    return new.token


def person_of(token: str, purpose: LinkPurpose) -> User:
    """Whom the link is for. Raises LinkOver. Looking does not use it up: mail programs look, too."""
    return _good_link(token, purpose).user


@sensitive_variables("token", "password")
@transaction.atomic
def use_link(token: str, purpose: LinkPurpose, password: str, *, actor: Actor) -> User:
    """Sets the password, ends the person's sessions, locks and other links. Raises LinkOver, and FieldsInvalid with the link still good."""
    User.objects.select_for_update().get(pk=_good_link(token, purpose).user_id)
    link = _good_link(token, purpose)  # two at once: the second waited for the row above, and finds nothing
    user = set_password(link.user, password, actor=actor)
    OneTimeLink.objects.filter(user=user).delete()
    FailedSignIn.objects.filter(account_key__in=(user.username_key, user.email_key)).delete()
    tell_of_new_password(user)
    return user


def tell_of_new_password(user: User) -> None:
    """So that whoever did not do it hears of it. Inside the transaction that set it."""

    def write() -> Message:
        return Message.of("password_set", _("Your password was set"), tenant=user.tenant, person=user)

    post(write, [recipient(user)])


def _good_link(token: str, purpose: LinkPurpose) -> OneTimeLink:
    rows = OneTimeLink.objects.select_related("user").filter(purpose=purpose)
    link: OneTimeLink | None = rows.filter(key_id=token_key_id(token) or "").first()
    if not token_matches(token, link.digest if link else "") or link is None:
        raise LinkOver
    same = constant_time_compare(link.account_digest, _account_digest(link.user))
    if link.expires_at <= timezone.now() or not link.user.active or not same:
        raise LinkOver
    return link


def _account_digest(user: User) -> str:
    """Of the password, the number of deactivations, and where the mail went."""
    state = f"{user.get_session_auth_hash()}:{user.email_key}"
    return salted_hmac("gatehouse.one-time-link", state, algorithm="sha256").hexdigest()


def _message(user: User, purpose: LinkPurpose, token: str) -> Message:
    tenant = user.tenant
    if purpose == LinkPurpose.INVITATION:
        subject = _("Your account at %(organisation)s") % {"organisation": tenant.name}
        url = tenant_url(tenant, "accounts:invitation", token=token)
    else:
        subject = _("Set a new password")
        url = tenant_url(tenant, "accounts:reset", token=token)
    return Message.of(f"password_{purpose.value}", subject, tenant=tenant, person=user, url=url)
