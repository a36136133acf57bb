"""A write test, only when somebody asks for it: one clearly named account is made, changed, deactivated and deleted again.

Each step is shown with its requests, and in the end what is left there. An account that is there already is never touched.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.types import EventType
from apps.lib import http
from apps.lib.errors import SecretError
from apps.lib.names import validate_text
from apps.lib.scim import reading
from apps.lib.scim.errors import NotScim
from apps.provisioning import documents, wire
from apps.provisioning.client import ScimClient
from apps.provisioning.errors import Deferred, IntegrationInvalid, Missing, TargetError
from apps.provisioning.integration_events import record_integration
from apps.provisioning.models import Integration

CHANGED = "Gatehouse write test, changed"
CHANGEABLE = ("display_name", "full_name", "job_title", "last_name", "first_name")


@dataclass
class TestPerson:
    """Nobody: in no directory."""

    __test__ = False

    username: str
    email: str
    first_name: str = "Gatehouse"
    last_name: str = "Write test"
    display_name: str = "Gatehouse write test"
    job_title: str = "Test account, may be deleted"
    work_phone: str = ""
    timezone: str = ""


@dataclass(frozen=True)
class TriedStep:
    """`name` is look_up, create, update, deactivate or delete; `words` say what came of it."""

    name: str
    succeeded: bool
    words: str
    requests: list[wire.Step] = field(default_factory=list)


@dataclass
class WriteTest:
    """`left` says what is there afterwards."""

    user_name: str
    steps: list[TriedStep] = field(default_factory=list)
    left: str = ""

    @property
    def succeeded(self) -> bool:
        return bool(self.steps) and all(step.succeeded for step in self.steps)


def suggested_email(address: str) -> str:
    """A new one at the domain of `address`: some applications take no others."""
    return f"gatehouse-test-{secrets.token_hex(3)}@{address.rpartition('@')[2]}"


def try_writing(integration: Integration, *, email: str, actor: Actor) -> WriteTest:
    """Talks to the application for seconds, so never inside a transaction. Raises IntegrationInvalid with `email` or `token`."""
    email = email.strip()
    _refuse(integration, email)
    try:
        target = wire.Target(integration.base_url, integration.token, integration.dialect)
    except SecretError as error:
        raise IntegrationInvalid({"token": [str(error)]}) from error
    person = TestPerson(f"gatehouse-test-{secrets.token_hex(4)}", email)
    tried = http.run(_Trial(target, person, prefers_put=integration.updates_by_put).run())
    failed = next((step.words for step in tried.steps if not step.succeeded), "")
    record_integration(
        EventType.IDM_INTEGRATION_UPDATE,
        integration,
        actor=actor,
        success=tried.succeeded,
        error_message=failed,
        details={"write_test": tried.user_name, "left": tried.left},
    )
    return tried


def _refuse(integration: Integration, email: str) -> None:
    if not integration.token_sealed:
        raise IntegrationInvalid({"token": [_("Enter the token.")]})
    try:
        validate_email(email)
        validate_text(email)
    except ValidationError as error:
        raise IntegrationInvalid({"email": error.messages}) from error
    if User.objects.named(email).exists():
        raise IntegrationInvalid(
            {"email": [_("Somebody here has this address. Choose one that is nobody's.")]}
        )


class _Trial:
    """Steps one after another, each with a client of its own: what one step met does not keep the next from tidying up."""

    def __init__(self, target: wire.Target, person: TestPerson, *, prefers_put: bool) -> None:
        self.target, self.person, self.prefers_put = target, person, prefers_put
        self.dialect = target.dialect
        self.values = documents.values_of(person, self.dialect.attributes)
        self.remote_id = ""
        self.result = WriteTest(self.values.get("userName", person.username))

    async def run(self) -> WriteTest:
        if not await self._step("look_up", self._look_up):
            self.result.left = _("Nothing was made there.")
            return self.result
        made = await self._step("create", self._create)
        if not made and not self.remote_id:
            await self._find_what_was_made()
        if made and self.dialect.updates_users:
            await self._step("update", self._update)
        if self.remote_id:
            await self._tidy_up()
        else:
            self.result.left = self.result.left or _("Nothing was made there.")
        return self.result

    async def _tidy_up(self) -> None:
        inactive = await self._step("deactivate", self._deactivate)
        deleted = self.dialect.deletes_users and await self._step("delete", self._delete)
        words = {"name": self.result.user_name, "id": self.remote_id}
        if deleted:
            self.result.left = _("Nothing is left there.")
        elif inactive:
            self.result.left = _("%(name)s (id %(id)s) is left there, deactivated.") % words
        else:
            self.result.left = (
                _("%(name)s (id %(id)s) is left there and may be active: delete it there.") % words
            )

    async def _step(self, name: str, act: Callable[[ScimClient], Awaitable[str]]) -> bool:
        client = ScimClient(self.target, prefers_put=self.prefers_put)
        succeeded = True
        try:
            words = await act(client)
        except TargetError as error:
            succeeded, words = False, f"{error.headline} {error.detail}".strip()
        except (Deferred, NotScim) as error:
            succeeded, words = False, str(error) or _("The application asked for a pause.")
        self.prefers_put = client.prefers_put
        self.result.steps.append(TriedStep(name, succeeded, words, list(client.steps)))
        return succeeded

    # --- the steps

    async def _look_up(self, client: ScimClient) -> str:
        try:
            found = await self._find(client)
        except Missing:
            found = None
        if found is not None:
            raise TargetError(_("An account of this name is there already. It was not touched."))
        return _("Nobody there has this name.")

    async def _create(self, client: ScimClient) -> str:
        answer = await client.create_user(documents.user_document(self.values, self.dialect))
        try:
            self.remote_id = reading.read_id(answer)
        except NotScim:  # 201 without a body
            found = await self._find(client)
            self.remote_id = reading.read_id(found or {})
        return _("Made, with the id %(id)s.") % {"id": self.remote_id}

    async def _find_what_was_made(self) -> None:
        """A create whose answer was lost may have been carried out."""
        client = ScimClient(self.target)
        try:
            found = await self._find(client)
        except (TargetError, Deferred):
            self.result.left = _("%(name)s may be there: it could not be looked up again.") % {
                "name": self.result.user_name
            }
            return
        if found is not None:
            self.remote_id = reading.read_id(found)

    async def _update(self, client: ScimClient) -> str:
        row = next(
            (
                each
                for source in CHANGEABLE
                for each in self.dialect.attributes
                if each.source == source and each.scim in self.values
            ),
            None,
        )
        if row is None:
            return _("The mapping has nothing that could be changed.")
        values = self.values | {row.scim: CHANGED}
        operations = documents.user_operations({row.scim: CHANGED}, self.values, self.dialect)
        await client.update_user(self.remote_id, operations, documents.user_document(values, self.dialect))
        shown = documents.values_in(await client.get_user(self.remote_id), [row]).get(row.scim, "")
        if shown != CHANGED:
            raise TargetError(_("It said yes, but did not change %(path)s.") % {"path": row.scim})
        self.values = values
        return _("%(path)s was changed and read back.") % {"path": row.scim}

    async def _deactivate(self, client: ScimClient) -> str:
        operations = documents.user_operations({}, self.values, self.dialect, active=False)
        whole = documents.user_document(self.values, self.dialect, active=False)
        await client.update_user(self.remote_id, operations, whole)
        return _("Deactivated.")

    async def _delete(self, client: ScimClient) -> str:
        await client.delete_user(self.remote_id)
        return _("Deleted.")

    async def _find(self, client: ScimClient) -> dict[str, Any] | None:
        return await client.find_user(self.values.get(self.dialect.match_attribute, ""))
