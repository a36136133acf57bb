"""
The addresses that a source tells of somebody beside the company's. They are kept, told back and found by, and nothing else: nobody signs in
with one, no letter goes there, and no application is told (docs/decisions/0036).
"""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.directory.errors import FieldsInvalid
from apps.directory.models import User
from apps.directory.validators import fold, validate_text
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.scim.models import ExternalIdentity, SecondaryEmail
from apps.tenants.prepared import PreparedQuery

MOST = 20
LONGEST, LONGEST_TYPE = 254, 40  # characters
Emails = list[dict[str, str]]  # each has "value", and "type" where one was sent

_HELD = PreparedQuery(lambda key: SecondaryEmail.objects.filter(key=key, identity__deleted_at=None), key=str)


def keep_secondary(identity: ExternalIdentity, emails: Emails, *, actor: Actor) -> None:
    """Instead of those that were there. Raises FieldsInvalid."""
    before = identity.secondary_emails
    if before == emails:
        return
    _check(emails)
    identity.secondary_emails = emails
    identity.save(update_fields=["secondary_emails"])
    rows = SecondaryEmail.objects
    rows.filter(identity=identity).delete()
    rows.bulk_create(
        SecondaryEmail(identity=identity, key=fold(each["value"]), kind=each.get("type", ""))
        for each in emails
    )
    changes = [{"field": "secondary_emails", "from": _in_words(before), "to": _in_words(emails)}]
    record(EventType.USER_UPDATE, actor=actor, target=Target.of("user", identity.user), changes=changes)


def is_secondary(key: str) -> bool:
    """Whether any source tells that folded address of anybody."""
    return _HELD.exists(key=key)


def told_of(key: str) -> QuerySet[User]:
    """Of whom a source tells that folded address."""
    told = SecondaryEmail.objects.filter(key=key, identity__deleted_at=None)
    found: QuerySet[User] = User.objects.filter(pk__in=told.values("identity__user"))
    return found


def _check(emails: Emails) -> None:
    if len(emails) > MOST:
        raise FieldsInvalid(
            {"email": [_("More than %(most)s addresses beside the company's.") % {"most": MOST}]}
        )
    for each in emails:
        try:
            validate_email(each["value"])
            validate_text(each["value"])
            validate_text(each.get("type", ""))
        except ValidationError as error:
            raise FieldsInvalid({"email": error.messages}) from error
        if len(each["value"]) > LONGEST or len(each.get("type", "")) > LONGEST_TYPE:
            raise FieldsInvalid({"email": [_("An address or its type is too long.")]})


def _in_words(emails: Emails) -> str:
    return ", ".join(
        f"{each['value']} ({each['type']})" if "type" in each else each["value"] for each in emails
    )
