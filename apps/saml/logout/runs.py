"""The way round the applications: begun once, each asked in turn, each answer believed once. Every change with its event."""

import datetime as dt
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actions import record, recorded
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.lib.errors import SecretError
from apps.lib.language import said, written
from apps.saml.errors import RequestRefused, RequestStale
from apps.saml.logout.forgetting import forget_old
from apps.saml.logout.messages import Outgoing, logout_request
from apps.saml.logout.reading import LogoutRequest, LogoutResponse
from apps.saml.models import LogoutRun, LogoutStep, SsoSession, SsoSettings

RUN_LIFETIME = dt.timedelta(hours=1)
State = LogoutStep.State


def add_logout_request(application: Application, asked: LogoutRequest) -> LogoutRun:
    """Waits until the browser comes with its cookie. Raises RequestStale when this request was seen before."""
    try:
        with transaction.atomic():
            run: LogoutRun = LogoutRun.objects.create(
                initiator=application,
                request_id=asked.id,
                relay_state=asked.relay_state,
                name_id=asked.name_id,
                session_indexes=list(asked.session_indexes),
            )
    except IntegrityError as error:
        raise RequestStale(
            _("This logout message was used before. Sign out again at the application.")
        ) from error
    return run


def claim(run: LogoutRun) -> bool:
    """A request is acted upon once, whatever two tabs do at the same moment."""
    now = timezone.now()
    if not LogoutRun.objects.filter(pk=run.pk, begun_at=None).update(begun_at=now):
        return False
    run.begun_at = now
    return True


@transaction.atomic
def begin(run: LogoutRun | None, handle: str) -> LogoutRun | None:
    """Once the portal session is over: who is to be asked. `run` None for the portal's own sign-out; then None when there is nobody."""
    forget_old()
    mine = SsoSession.objects.select_related("application").filter(session_handle=handle, ended_at=None)
    sessions = list(mine.order_by("application__display_label")) if handle else []
    others = [each for each in sessions if run is None or each.application_id != run.initiator_id]
    if run is None:
        if not others:
            return None
        run = LogoutRun.objects.create(begun_at=timezone.now())
    mine.update(ended_at=timezone.now())
    _add_steps(run, others)
    return run


def _add_steps(run: LogoutRun, sessions: list[SsoSession]) -> None:
    """Those that answered before come first: one that never does may keep the browser."""
    reachable = set(
        SsoSettings.objects.exclude(slo_url="")
        .filter(application__in=[each.application_id for each in sessions])
        .values_list("application_id", flat=True)
    )
    answered = set(
        LogoutStep.objects.filter(state=State.CONFIRMED, session__application__in=reachable).values_list(
            "session__application_id", flat=True
        )
    )
    ordered = sorted(
        sessions,
        key=lambda each: (each.application_id not in reachable, each.application_id not in answered),
    )
    steps = [
        LogoutStep(
            run=run,
            session=each,
            position=position,
            state=State.WAITING if each.application_id in reachable else State.UNREACHABLE,
        )
        for position, each in enumerate(ordered)
    ]
    LogoutStep.objects.bulk_create(steps)


@transaction.atomic
def ask(step: LogoutStep, *, actor: Actor) -> Outgoing | None:
    """A fresh LogoutRequest; an answer to an earlier one counts no more. None when none can be made: the step says why."""
    step = (
        LogoutStep.objects.select_related("run", "session__application", "session__user")
        .select_for_update(of=("self",))
        .get(pk=step.pk)
    )
    if step.state in {State.CONFIRMED, State.UNREACHABLE}:
        return None
    try:
        outgoing, step.request_id = logout_request(step.session)
    except SecretError:
        # After a restore without ENCRYPTION_KEYS: an operator's matter, told in the person's words.
        _settle(step, State.FAILED, _("The portal cannot open its signing key."), actor=actor)
        return None
    step.state, step.problem = State.ASKED, ""
    step.save(update_fields=["state", "problem", "request_id"])
    return outgoing


@transaction.atomic
def take_answer(application: Application, answer: LogoutResponse, *, actor: Actor) -> LogoutRun:
    """Of a LogoutResponse that was signed. Raises RequestStale when it answers nothing that waits for an answer."""
    step = _waiting_step(application, answer.in_response_to)
    if step is None:
        raise RequestStale(_("This logout message answers no request that still waits."))
    if answer.successful:
        _settle(step, State.CONFIRMED, "", actor=actor)
    else:
        last = answer.statuses[-1].rpartition(":")[2][:60] if answer.statuses else _("no status")
        sentence = said(_("It answered that it could not sign you out (%(status)s)."), {"status": last})
        _settle(step, State.FAILED, sentence, actor=actor)
    run: LogoutRun = step.run
    return run


@transaction.atomic
def refuse_answer(
    application: Application, request_id: str, refused: RequestRefused, *, actor: Actor
) -> LogoutRun | None:
    """An answer that is not believed: the application counts as not signed out, and the way goes on. None when nobody was asked so."""
    step = _waiting_step(application, request_id)
    if step is None:
        return None
    sentence = said(_("Its answer was not believed: %(why)s"), {"why": refused.sentence})
    _settle(step, State.FAILED, sentence, actor=actor)
    run: LogoutRun = step.run
    return run


def _waiting_step(application: Application, request_id: str) -> LogoutStep | None:
    if not request_id:
        return None
    waiting = LogoutStep.objects.select_related("run", "session__application", "session__user").filter(
        request_id=request_id, state=State.ASKED, session__application=application
    )
    step: LogoutStep | None = waiting.select_for_update(of=("self",)).first()
    return step


def _settle(step: LogoutStep, state: State, problem: str | Promise, *, actor: Actor) -> None:
    step.state, step.problem = state, str(problem)[:255]
    step.save(update_fields=["state", "problem"])
    session = step.session
    record(
        EventType.SSO_LOGOUT,
        actor=_named(actor, session.user),
        target=Target.of("user", session.user),
        application=Target.of("application", session.application),
        success=state == State.CONFIRMED,
        error_message=problem,
        details={"request_id": step.request_id, "session_index": session.session_index},
    )


def _named(actor: Actor, user: User) -> Actor:
    """The portal session is over, so the request is anonymous; the browser is still the person's."""
    return actor if actor.id else replace(actor, id=str(user.pk), name=user.username)


@transaction.atomic
def finish(run: LogoutRun, *, actor: Actor) -> None:
    """Nobody is left to be asked: the log gets one line with how it went everywhere. Once; later answers have lines of their own."""
    if not LogoutRun.objects.filter(pk=run.pk, finished_at=None).update(finished_at=timezone.now()):
        return
    steps = list(run.steps.select_related("session__application", "session__user"))
    if not steps:
        return
    left = [str(step.session.application) for step in steps if step.state != State.CONFIRMED]
    record(
        EventType.SSO_LOGOUT,
        actor=_named(actor, steps[0].session.user),
        target=Target.of("user", steps[0].session.user),
        application=Target.of("application", run.initiator) if run.initiator else None,
        success=not left,
        error_message=said(_("Not signed out: %(names)s."), {"names": ", ".join(left)}) if left else "",
        details={
            "applications": {str(step.session.application): str(step.state) for step in steps},
            "asked_by": str(run.initiator or written(_("the portal"))),
        },
    )


@transaction.atomic
def record_refusal(
    application: Application, refused: RequestRefused, *, actor: Actor, user: User | None = None
) -> Event:
    """A logout message that changed nothing, as a line of the log."""
    return recorded(
        EventType.SSO_LOGOUT,
        actor=actor,
        target=Target.of("user", user) if user is not None else None,
        application=Target.of("application", application),
        success=False,
        error_message=refused.sentence,
        details={"refusal": refused.code},
    )
