"""One account as an application shows it → what of it may enter here, or why it may not.

A closed list of fields and nothing else: roles, groups, entitlements, passwords and whatever the document has besides is not read.
"""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from apps.applications.catalog import ScimDialect
from apps.directory.models import User
from apps.directory.validators import fold, validate_text, validate_timezone
from apps.lib.scim import reading
from apps.lib.scim.errors import NotScim
from apps.provisioning import documents

LONGEST_SHOWN = 255
LONGEST_SENT = 1000
HIDDEN = "\ufffd"  # stands for a sign that cannot be stored or seen (apps.lib.scim.reading puts it in, too)
OURS = {"password", "tenant", "username_key", "email_key", "timezone"}  # not the application's to fill


@dataclass(frozen=True, slots=True)
class Candidate:
    """`problem` is a sentence for people, "" where nothing is wrong with the account itself."""

    remote_id: str
    user_name: str
    email: str
    name: str
    active: bool | None
    fields: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def email_key(self) -> str:
        return "" if self.problem else fold(self.email)


def read_candidate(document: Any, dialect: ScimDialect) -> Candidate | None:
    """None for an entry without an id that can be kept: nothing could ever be said to it again."""
    try:
        shown = reading.read_user(document)
        validate_text(shown.id)
    except (NotScim, ValidationError):
        return None
    fields = _fields(shown)
    problem = _problem(fields)
    sent = {} if problem else _sent(document, dialect)
    full_name = f"{fields['first_name']} {fields['last_name']}".strip()
    return Candidate(
        shown.id,
        visible(shown.user_name),
        visible(shown.email),
        visible(fields["display_name"] or full_name),
        shown.active,
        {} if problem else fields,
        sent,
        problem,
    )


def visible(text: str) -> str:
    """As it may be kept and shown: a sign that cannot be seen, or that turns the others around, is replaced."""
    cut = text[:LONGEST_SHOWN]
    return "".join(sign if _may_stand(sign) else HIDDEN for sign in cut)


def _may_stand(text: str) -> bool:
    try:
        validate_text(text)
    except ValidationError:
        return False
    return True


def _fields(shown: reading.ReadUser) -> dict[str, str]:
    """Of apps.directory.actions.USER_FIELDS, blank where there is nothing."""
    named = shown.given_name or shown.family_name
    return {
        "username": (shown.user_name or shown.email).strip(),
        "email": shown.email.strip(),
        "first_name": shown.given_name.strip(),
        "last_name": shown.family_name.strip(),
        "display_name": (shown.display_name or ("" if named else shown.formatted_name)).strip(),
        "job_title": shown.title.strip(),
        "work_phone": shown.phone_number.strip(),
        "timezone": _timezone(shown.timezone),
    }


def _timezone(told: str) -> str:
    """Many say "GMT+1" or the like: no reason to keep somebody out."""
    try:
        validate_timezone(told)
    except (ValidationError, ValueError):
        return ""
    return told


def _problem(fields: dict[str, str]) -> str:
    if not fields["email"]:
        return _("The account has no e-mail address there.")
    if not fields["email"].isascii():
        return _("Its e-mail address has unusual letters: it may only look like somebody else's.")
    try:
        validate_email(fields["email"])
    except ValidationError:
        return _("Its e-mail address is not valid.")
    if any(HIDDEN in value for value in fields.values()):
        return _("A value contains control characters.")
    if mixes_alphabets(fields["username"]):
        return _("Its username mixes alphabets: it may only look like somebody else's.")
    try:
        User(**fields).clean_fields(exclude=OURS)
    except ValidationError as error:
        return in_one_sentence(error.message_dict)
    return ""


def in_one_sentence(errors: dict[str, list[str]]) -> str:
    """ "Job title: …" for each: in a form the words stand under their field, here it has to be named."""
    parts = []
    for name, texts in errors.items():
        label = "" if name == "__all__" else f"{_label(name)}: "
        parts.append(label + " ".join(texts))
    return " ".join(parts)


def _label(name: str) -> str:
    column: Any = User._meta.get_field(name)  # noqa: SLF001 - Django's documented Meta API
    return str(column.verbose_name).capitalize()


_LOOK_ALIKES = (
    range(0x370, 0x400),  # Greek
    range(0x400, 0x530),  # Cyrillic
    range(0x530, 0x590),  # Armenian
    range(0x13A0, 0x1400),  # Cherokee
    range(0xFF00, 0xFFF0),  # full width
)


def mixes_alphabets(text: str) -> bool:
    """Latin letters beside those of an alphabet that has the same shapes (UTS #39 section 5.1, the part that matters in names)."""
    letters = [letter for letter in text if letter.isalpha()]
    alike = [any(ord(letter) in alphabet for alphabet in _LOOK_ALIKES) for letter in letters]
    return any(alike) and not all(alike)


def _sent(document: Any, dialect: ScimDialect) -> dict[str, str]:
    """What is there, for the planner to compare with; what could not be kept is told anew instead."""
    shown = documents.values_in(document, dialect.attributes)
    return {path: value for path, value in shown.items() if len(value) <= LONGEST_SENT and _may_stand(value)}
