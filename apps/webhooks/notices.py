"""What administrators are written to about an endpoint: quarantined, gone, well again. Inside a transaction."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from apps.accounts.notices import administrators_to_mail
from apps.mail.enqueue import Message, post
from apps.tenants.addresses import tenant_url
from apps.webhooks.models import QuarantineReason, Webhook

Told = tuple[str, list[str]]  # the subject, in which %(name)s is the webhook, and the lines
MOST_TOLD_RELAPSES = 1  # of an endpoint that falls ill again and again; the pages go on telling


def quarantined(webhook: Webhook, reason: QuarantineReason) -> None:
    if webhook.relapses <= MOST_TOLD_RELAPSES:
        problem = webhook.last_problem
        _write(webhook, lambda: _quarantined(reason, problem))


def _quarantined(reason: QuarantineReason, problem: str) -> Told:
    lines = [
        f"{reason.label}. " + _("The last problem: %(words)s") % {"words": problem},
        _(
            "What is owed waits for as long as the event log keeps it: it is tried again after 1, 5, 15 and then every 30 minutes, and goes on by itself."
        ),
        _("Press “Resume now” there once the endpoint is well, or wait."),
    ]
    return _("%(name)s: the webhook is quarantined"), lines


def gone(webhook: Webhook) -> None:
    _write(webhook, _gone)


def _gone() -> Told:
    lines = [
        _("The endpoint answered 410 Gone, which says that it will not come back. Nothing is sent any more."),
        _(
            "Enter another URL and resume the webhook, or delete it. Until then what is owed is held, for as long as the event log keeps it."
        ),
    ]
    return _("%(name)s: the webhook is paused, because its endpoint is gone"), lines


def resumed(webhook: Webhook) -> None:
    """By itself: whoever pressed the button knows."""
    if webhook.relapses <= MOST_TOLD_RELAPSES:
        _write(webhook, _resumed)


def _resumed() -> Told:
    line = _("It answers again. What was owed is being sent now; there is nothing to do.")
    return _("%(name)s: the webhook goes on by itself"), [line]


def _write(webhook: Webhook, told: Callable[[], Told]) -> None:
    name, url = str(webhook), tenant_url(webhook.tenant, "console:webhook", pk=webhook.pk)

    def write() -> Message:
        subject, lines = told()
        subject %= {"name": name}
        return Message.of(
            "integration", subject, tenant=webhook.tenant, application=name, lines=lines, url=url
        )

    post(write, administrators_to_mail())
