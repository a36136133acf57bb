"""
What an application would be told about a person, and whether it would be told anything: for administrators to read.

It takes the path of a real sign-in, apps.saml.gate, statement, messages and signing, with two differences, each enough alone
to make every service provider refuse the result: the key pair is made for this one preview, stands in no metadata and is forgotten
with it, and the clock is a day behind, so every time in the message is over. The application's own key signs nothing that holds an assertion.
Where assertions are encrypted for the application, the preview stops before that, or nobody could read it.
"""

import copy
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.utils import timezone

from apps.applications.access import groups_giving
from apps.directory.models import User
from apps.lib.crypto import new_key_pair
from apps.lib.xml import SignatureRefused, parse, verify
from apps.saml.addresses import metadata_url
from apps.saml.encryption import response_octets
from apps.saml.groups import group_names
from apps.saml.messages import ASSERTION, Envelope, response_values
from apps.saml.models import KeyPair, SsoSettings
from apps.saml.preview_problems import (
    BEHIND,
    LARGEST,
    Problem,
    is_addressed,
    problems_between,
    unwritable_problem,
)
from apps.saml.statement import Statement, Unwritable, statement_about

IN_RESPONSE_TO = "_preview"  # stands where the application's own request ID would
COMMON_NAME = "Gatehouse preview: belongs to no application"


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute of the settings. `source` is a field of the person, "constant" or "groups"; no values: it is not sent."""

    name: str
    name_format: str
    source: str
    values: tuple[str, ...]
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """`verifies`: its signature was checked, the way we check those of others, against the preview's certificate."""

    name: str
    signed: bool
    verifies: bool


@dataclass(frozen=True, slots=True)
class Document:
    """`xml` is the signed message, `envelope` says to whom and when."""

    xml: bytes
    envelope: Envelope
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """`problems` is empty when the person would get in. `document` is None when the message cannot even be written."""

    user: User
    settings: SsoSettings
    sp_initiated: bool
    problems: tuple[Problem, ...]
    groups: tuple[str, ...]
    statement: Statement | None
    rows: tuple[Row, ...]
    document: Document | None

    @property
    def would_get_in(self) -> bool:
        return not self.problems

    @property
    def key_fits(self) -> bool:
        """The application's own key opened, and its published certificate verified what it signed."""
        return not {"no_key", "wrong_key"} & {problem.code for problem in self.problems}


def preview_of(user: User, settings: SsoSettings, *, sp_initiated: bool) -> Preview:
    """`settings` with its application and its active key pair. Changes nothing, but that a random NameID which the first sign-in would make is made now
    and kept, so that what is shown is what will be sent; apps.saml.actions.previews keeps a line of who looked."""
    told = tuple(sorted(group_names(user, settings))) if settings.include_groups else ()
    statement, unwritable = _statement(user, settings, told)
    problems = [*problems_between(user, settings, sp_initiated=sp_initiated), *unwritable]
    document = None
    if statement is not None and is_addressed(settings):
        document = _document(user, settings, statement, sp_initiated=sp_initiated)
    return Preview(
        user=user,
        settings=settings,
        sp_initiated=sp_initiated,
        problems=tuple(problems),
        groups=tuple(groups_giving(settings.application, user).values_list("name", flat=True)),
        statement=statement,
        rows=tuple(_rows(user, settings, told)),
        document=document,
    )


def _statement(
    user: User, settings: SsoSettings, groups: tuple[str, ...]
) -> tuple[Statement | None, list[Problem]]:
    try:
        return statement_about(user, settings, groups), []
    except Unwritable as missing:
        return None, [unwritable_problem(user, str(missing))]


# --- what would be sent


def _rows(user: User, settings: SsoSettings, groups: tuple[str, ...]) -> Iterator[Row]:
    """Every attribute of the settings, also those that this person has nothing for."""
    for row in settings.attributes:
        value = str(getattr(user, row["source"])) if row["source"] else row["constant"]
        sent = (value,) if value and row["enabled"] else ()
        yield Row(row["name"], row["name_format"], row["source"] or "constant", sent, enabled=row["enabled"])
    if settings.include_groups:
        yield Row(settings.groups_attribute_name, settings.groups_name_format, "groups", groups)


def _document(user: User, settings: SsoSettings, statement: Statement, *, sp_initiated: bool) -> Document:
    now = timezone.now() - BEHIND
    envelope = Envelope(
        metadata_url(settings.application),
        settings.sp_entity_id,
        settings.acs_url,
        IN_RESPONSE_TO if sp_initiated else "",
        now,
    )
    lifetime = dt.timedelta(seconds=django_settings.SESSION_COOKIE_AGE)
    values = response_values(envelope, statement, signed_in_at=now, session_ends_at=now + lifetime)
    key_pair, readable = _forgotten_key_pair(settings), copy.copy(settings)
    readable.encrypt_assertion = False
    xml = response_octets(values, readable, key_pair)
    return Document(xml, envelope, tuple(_parts(xml, settings, key_pair.certificate)))


def _forgotten_key_pair(settings: SsoSettings) -> KeyPair:
    """Never saved: no metadata names it, nobody trusts it, and after the preview it is gone."""
    pem = new_key_pair(COMMON_NAME, 1)
    key_pair = KeyPair(application=settings.application, certificate=pem.certificate)
    key_pair.take_tenant()  # the seal is bound to it
    key_pair.private_key = pem.private_key
    return key_pair


def _parts(xml: bytes, settings: SsoSettings, certificate: str) -> Iterator[Part]:
    root = parse(xml, max_bytes=LARGEST)
    yield _part("Response", root, certificate, is_signed=settings.sign_response)
    yield _part("Assertion", root.find(ASSERTION), certificate, is_signed=settings.sign_assertion)


def _part(name: str, element: Any, certificate: str, *, is_signed: bool) -> Part:
    if not is_signed:
        return Part(name, signed=False, verifies=False)
    try:
        verify(element, [certificate])
    except SignatureRefused:
        return Part(name, signed=True, verifies=False)
    return Part(name, signed=True, verifies=True)
