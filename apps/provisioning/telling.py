"""What people read about a conversation: one attempt, and its events. Made here, written by recording.py."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.events.actions import authored, unauthored
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.provisioning.claimed import Claimed
from apps.provisioning.conversation import Done, Report
from apps.provisioning.errors import AdoptionRefused, TargetError
from apps.provisioning.models import Integration, Outcome, ResourceKind
from apps.provisioning.wire import Step
from apps.tenants.bulk import new_ids

# The seeds name no event for reactivation: it is an update of an existing user.
EVENTS = {
    (ResourceKind.USER, "create"): EventType.USER_CREATE_PROVISION,
    (ResourceKind.USER, "link"): EventType.USER_CREATE_PROVISION,
    (ResourceKind.USER, "update"): EventType.USER_UPDATE_PROVISION,
    (ResourceKind.USER, "set_password"): EventType.USER_UPDATE_PROVISION,
    (ResourceKind.USER, "reactivate"): EventType.USER_UPDATE_PROVISION,
    (ResourceKind.USER, "deactivate"): EventType.USER_DEPROVISION,
    (ResourceKind.USER, "delete"): EventType.USER_DELETE_PROVISION,
    (ResourceKind.USER, "look_up"): EventType.USER_LOOKUP_PROVISION,
    (ResourceKind.GROUP, "create"): EventType.GROUP_CREATE_PROVISION,
    (ResourceKind.GROUP, "link"): EventType.GROUP_CREATE_PROVISION,
    (ResourceKind.GROUP, "rename"): EventType.GROUP_UPDATE_PROVISION,
    (ResourceKind.GROUP, "change_members"): EventType.GROUP_UPDATE_PROVISION,
    (ResourceKind.GROUP, "leave"): EventType.GROUP_UPDATE_PROVISION,
    (ResourceKind.GROUP, "look_up"): EventType.GROUP_UPDATE_PROVISION,
    (ResourceKind.GROUP, "delete"): EventType.GROUP_DELETE_PROVISION,
}

WORDS = {
    "create": gettext_lazy("%(what)s created"),
    "link": gettext_lazy("%(what)s linked to the one that is already there"),
    "update": gettext_lazy("%(what)s updated"),
    "deactivate": gettext_lazy("%(what)s deactivated"),
    "reactivate": gettext_lazy("%(what)s reactivated"),
    "delete": gettext_lazy("%(what)s deleted"),
    "rename": gettext_lazy("%(what)s renamed"),
    "change_members": gettext_lazy("%(what)s members changed"),
    "leave": gettext_lazy("%(what)s left as it is"),
    "look_up": gettext_lazy("%(what)s looked up"),
    "set_password": gettext_lazy("%(what)s password set"),
}


class Telling:
    """Of one integration, in order: attempts, and the events that name them, all of one `author`."""

    def __init__(self, integration: Integration) -> None:
        self.integration = integration
        self.author = authored(Actor.system(), Target.of("application", integration.application))
        self.ids = new_ids()
        self.words: dict[tuple[str, str], str] = {}
        self.about = {"idm_client_id": str(integration.id)}
        self.attempts: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def tell(self, job: Claimed, report: Report) -> None:
        tried = report.steps and (report.done or report.password_refused or not report.deferred)
        attempt = _attempt(job, report, next(self.ids)) if tried else None
        if attempt is not None:
            self.attempts.append(attempt)
        self._tell_events(job, report, attempt)

    def _tell_events(self, job: Claimed, report: Report, attempt: dict[str, Any] | None) -> None:
        """One for each thing done and one for a failure; the last of them is the attempt's outcome and names it."""
        done, error = list(report.done), report.error or report.password_refused
        if attempt and not done and error is None:  # read back, and all is as it should be
            done.append(Done("look_up", report.steps[-1]))
        for index, each in enumerate(done, start=1):
            is_outcome = index == len(done) and error is None
            chain = {
                "response_code": str(each.step.status or "") if each.step else "",
                "response_message": self._words(job, each.operation),
                "message_details": "OK",
            }
            self._event(job, each.operation, attempt if is_outcome else None, message_chain=chain)
        if error is not None:
            operation = _operation_that_failed(report, error)
            words = _("Failed: %(what)s") % {"what": self._words(job, operation)}
            told = {"error_message": error.detail, "message_chain": error.message_chain(words)}
            self._event(job, operation, attempt, success=False, **told)

    def _words(self, job: Claimed, operation: str) -> str:
        key = (job.kind, operation)
        if key not in self.words:
            self.words[key] = str(WORDS[operation]) % {"what": ResourceKind(job.kind).label}
        return self.words[key]

    def _event(self, job: Claimed, operation: str, attempt: dict[str, Any] | None, **more: Any) -> None:
        details = {**self.about, "job": str(job.id)}
        if attempt is not None:
            details["attempt"] = str(attempt["id"])
        if operation == "link":
            details["linked"] = "true"
        self.events.append(
            unauthored(
                EVENTS[ResourceKind(job.kind), operation],
                id=next(self.ids),
                target=Target(job.kind, str(job.resource_id), job.resource_name),
                details=details,
                correlation_id=job.correlation_id,
                **more,
            )
        )


def _attempt(job: Claimed, report: Report, attempt_id: UUID) -> dict[str, Any]:
    error = report.error or report.password_refused
    return {
        "id": attempt_id,
        "job_id": job.id,
        "operation": ("set_password" if report.password_refused else report.failed if error else "")
        or (report.done[-1].operation if report.done else "")
        or "read_back",
        "outcome": error.outcome if error else Outcome.SUCCEEDED,
        "status": report.steps[-1].status,
        "steps": [each.as_json() for each in report.steps],
    }


def _operation_that_failed(report: Report, error: TargetError) -> str:
    if report.password_refused is not None:
        return "set_password"
    return "look_up" if _failed_looking_up(error, report.steps) else report.failed or "look_up"


def _failed_looking_up(error: TargetError, steps: list[Step]) -> bool:
    return isinstance(error, AdoptionRefused) or bool(steps and steps[-1].method == "GET")
