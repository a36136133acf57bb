"""Owes mail, in the transaction of what it tells about: rolled back, nobody hears of it; committed, the worker sends it until it is sent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from apps.events.actors import Target
from apps.lib.language import spoken
from apps.lib.places import zone
from apps.mail.models import Letter
from apps.mail.tasks import ring_on_commit
from apps.tenants.context import current_tenant_id
from apps.tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Recipient:
    """`id` is a person's, for the event log; "" for an address that is nobody's here."""

    id: str
    name: str
    address: str
    language: str = ""  # "" is the organisation's, else the installation's


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    text: str
    html: str = ""

    @classmethod
    def of(cls, template: str, subject: str, **context: Any) -> "Message":
        """From templates/mail/<template>.txt and .html."""
        context["subject"] = subject
        text = render_to_string(f"mail/{template}.txt", context)
        return cls(subject, text.strip() + "\n", render_to_string(f"mail/{template}.html", context))


def post(write: Callable[[], Message], to: Iterable[Recipient], *, application: Target | None = None) -> int:
    """A letter each, so that nobody reads the others' addresses and a wrong one keeps nobody waiting. Returns how many.

    Must run inside a transaction. `write` is called once for each language of the readers, while that is the language and
    the organisation's clock the clock.
    `application` is what the event log files it under.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("post() outside a transaction would tell of what may never have happened.")
    messages: dict[str, Message] = {}
    letters = []
    here = Tenant.objects.get(pk=current_tenant_id())
    for recipient in to:
        if recipient.address:
            language = spoken(recipient.language) or spoken(here.language) or settings.LANGUAGE_CODE
            if language not in messages:
                with translation.override(language), timezone.override(zone(here.timezone)):
                    messages[language] = write()
            letters.append(_letter(messages[language], recipient, application))
    for letter in letters:
        letter.save(force_insert=True)
    if letters:
        ring_on_commit()
    return len(letters)


def _letter(message: Message, recipient: Recipient, application: Target | None) -> Letter:
    letter = Letter(
        recipient_id=recipient.id,
        recipient_name=recipient.name[:255],
        address=recipient.address,
        subject=" ".join(message.subject.split())[:255],  # one line: a second would be a header of its own
        application_id=application.id if application else "",
        application_name=application.name[:255] if application else "",
    )
    letter.take_tenant()  # the seals are bound to it
    letter.text, letter.html = message.text, message.html
    return letter
