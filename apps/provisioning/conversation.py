"""Carries plans out for one resource: plan, act, plan again from what is now known, until there is nothing left to do.

Runs in the event loop and touches no database: tasks and reports are values.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.provisioning.client import ScimClient
from apps.provisioning.errors import Deferred, Missing, TargetError, Unavailable
from apps.provisioning.plan import Account, RemoteTeam
from apps.provisioning.wire import Step

MOST_PLANS = 5  # more would be going in circles


@dataclass(frozen=True)
class Done:
    """`step` is the request that did it, None where nothing had to be sent."""

    operation: str
    step: Step | None


@dataclass
class Report:
    """What one conversation did, in order, and what is `known` of the application now. `failed` names what `error` ended.

    `unfinished`: there may be more to do, once it is on record what was found. An account is never written to before it is
    certain that nobody else here has it. `not_there`: what an earlier create was about did not come to be.
    """

    known: Account | RemoteTeam | None
    done: list[Done] = field(default_factory=list)
    failed: str = ""
    error: TargetError | None = None
    deferred: bool = False
    unfinished: bool = False
    not_there: bool = False
    look_again_at: datetime | None = None
    steps: list[Step] = field(default_factory=list)
    prefers_put: bool = False
    password_ended: UUID | None = None  # the PasswordToSend that was sent or refused
    password_refused: TargetError | None = None


class Conversation:
    """What users and groups have in common: the loop around plans, and how it ends."""

    report: Report

    def __init__(self, client: ScimClient) -> None:
        self.client = client
        self.dialect = client.dialect

    async def run(self) -> Report:
        report = self.report
        try:
            await self._converse()
        except TargetError as error:
            report.error = error
        except Deferred:
            report.deferred = True
        report.steps = self.client.steps
        report.prefers_put = self.client.prefers_put
        return report

    async def _converse(self) -> None:
        raise NotImplementedError

    def _note(self, operation: str, *, sent: bool = True) -> None:
        steps = self.client.steps
        self.report.done.append(Done(operation, steps[-1] if sent and steps else None))


def collection_missing(error: Missing) -> Unavailable:
    """404 for all of /Users or /Groups is a wrong address or a feature switched off there: nobody's account is missing."""
    return Unavailable(error.detail, status=error.status)
