"""What administrators are written to about a connection: quarantined, well again, and removals that wait for them. Inside a transaction."""

from collections.abc import Callable

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.notices import administrators_to_mail
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.transactions import retried
from apps.mail.enqueue import Message, post
from apps.provisioning import directory_now
from apps.provisioning.integration_events import record_integration
from apps.provisioning.models import Integration, Job, JobState, QuarantineReason, ResourceKind
from apps.tenants.addresses import tenant_url

Told = tuple[str, list[str]]  # the subject, in which %(name)s is the application, and the lines
MOST_TOLD_RELAPSES = 1  # of an application that falls ill again and again; the pages go on telling


def quarantined(integration: Integration, reason: QuarantineReason, words: str, relapses: int) -> None:
    if relapses > MOST_TOLD_RELAPSES:
        return

    def told() -> Told:
        return _quarantined(reason, words, relapses)

    _write(integration, told, "console:application_identity")


def _quarantined(reason: QuarantineReason, words: str, relapses: int) -> Told:
    subject = (
        _("%(name)s: provisioning is paused, because the token is refused")
        if reason == QuarantineReason.TOKEN
        else _("%(name)s: provisioning is paused, because most requests fail")
    )
    to_do = (
        _("Enter a new token there: it is verified before it is used, and everything owed goes on.")
        if reason == QuarantineReason.TOKEN
        else _("Press “Resume now” there once it is well, or wait.")
    )
    lines = [
        _("The application said: %(words)s") % {"words": words},
        _(
            "Nothing is sent until it answers again, not even for people who lost their access. Nothing owed is lost: "
            "it is looked at again after 1, 5, 15 and then every 30 minutes, and goes on by itself."
        ),
        to_do,
    ]
    if relapses:
        lines.append(
            _("It happened again soon after it was well. The next times are told in the console only.")
        )
    return subject, lines


def resumed(integration: Integration) -> None:
    """By itself: whoever pressed the button knows."""
    if integration.relapses <= MOST_TOLD_RELAPSES:
        _write(integration, _resumed, "console:application_identity")


def _resumed() -> Told:
    line = _("It answers again. What was owed is being sent now; there is nothing to do.")
    return _("%(name)s: provisioning goes on by itself"), [line]


def tell_of_held_removals(integration: Integration) -> None:
    """Once, until somebody has decided or nothing waits any more."""
    waits = Job.objects.filter(integration=integration, state=JobState.HELD).exists()
    if waits == (integration.held_told_at is not None):
        return
    _note_held(integration, waits=waits)


@retried
def _note_held(integration: Integration, *, waits: bool) -> None:
    rows = Integration.objects.filter(pk=integration.pk, held_told_at__isnull=waits)
    if rows.update(held_told_at=timezone.now() if waits else None) and waits:
        _tell_of_held(integration)


def _tell_of_held(integration: Integration) -> None:
    people, groups, accounts = _waiting(integration)
    details = {"removals_held": people + groups, "accounts": accounts}
    record_integration(EventType.IDM_INTEGRATION_UPDATE, integration, actor=Actor.system(), details=details)
    _write(integration, lambda: _held(people, groups, accounts), "console:application_approval")


def _waiting(integration: Integration) -> tuple[int, int, int]:
    """(people, groups there that would lose them, all active accounts). Of people everybody nobody has decided about: of very many,
    the first alone are held by now.
    """
    jobs = Job.objects.filter(integration=integration)
    people = jobs.filter(kind=ResourceKind.USER)
    decided = people.filter(Q(state=JobState.KEPT) | Q(approved=True)).count()
    removals, accounts = directory_now.removals_now(integration)
    held = people.filter(state=JobState.HELD).count()
    groups = jobs.filter(kind=ResourceKind.GROUP, state=JobState.HELD).count()
    return max(held, removals - decided), groups, accounts


def _held(people: int, groups: int, accounts: int) -> Told:
    removals = people + groups
    subject = ngettext(
        "%(name)s: %(count)s removal waits for your decision",
        "%(name)s: %(count)s removals wait for your decision",
        removals,
    )
    lines = [
        _(
            "%(count)s of %(accounts)s accounts there lost their access at once, so nothing was sent about them yet."
        )
        % {"count": people, "accounts": accounts},
        *_groups(groups),
        _("Approve the removals, or keep the accounts. Until then these people go on having them."),
        _("If it was a mistake here, give the people their user groups back: then nothing is sent."),
    ]
    return subject.replace("%(count)s", str(removals)), lines


def _groups(count: int) -> list[str]:
    if not count:
        return []
    words = ngettext(
        "%(groups)s group there would lose them", "%(groups)s groups there would lose them", count
    )
    return [words % {"groups": count} + "."]


def _write(integration: Integration, told: Callable[[], Told], page: str) -> None:
    application = integration.application

    def write() -> Message:
        subject, lines = told()
        return Message.of(
            "integration",
            subject % {"name": application},
            tenant=integration.tenant,
            application=application,
            lines=lines,
            url=tenant_url(integration.tenant, page, pk=application.pk),
        )

    post(write, administrators_to_mail(), application=Target.of("application", application))
