"""One person and one application: look up, adopt or create, update, deactivate, reactivate, delete."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop

from apps.lib.scim import reading
from apps.lib.scim.errors import NotScim
from apps.provisioning import documents
from apps.provisioning import plan as planning
from apps.provisioning.client import ScimClient
from apps.provisioning.conversation import MOST_PLANS, Conversation, Report, collection_missing
from apps.provisioning.errors import AdoptionRefused, Missing, Rejected, Taken, Uncertain
from apps.provisioning.passwords import Password
from apps.provisioning.plan import Account, Changes, UserRules, Values
from apps.provisioning.wire import Document


@dataclass(frozen=True)
class UserTask:
    """`expected` is what an earlier create was about, whose fate is unknown."""

    wanted: Values | None
    account: Account | None
    rules: UserRules
    now: datetime
    read_back: bool = False
    expected: Values | None = None
    until: datetime | None = None
    password: Password | None = None  # set here a moment ago, and wanted there


class UserConversation(Conversation):
    def __init__(self, client: ScimClient, task: UserTask) -> None:
        super().__init__(client)
        self.task = task
        self.account = task.account
        self.report = Report(task.account)

    async def _converse(self) -> None:
        if self.task.read_back and self.account is not None:
            self._know(await self._read_back(self.account))
        elif self.task.expected and not await self._is_settled(self.task.expected):
            return
        for _ in range(MOST_PLANS):
            plan = planning.plan_user(
                self.task.wanted, self.account, self.task.rules, self.task.now, until=self.task.until
            )
            if isinstance(plan, planning.Nothing):
                self.report.look_again_at = plan.look_again_at
                await self._send_password()
                return
            self.report.failed = plan.operation
            await self._carry_out(plan)
            self.report.failed = ""
            if self.report.unfinished:
                return
        raise Rejected(gettext_noop("It does not keep what it is told."))

    async def _send_password(self) -> None:
        """Alone in its request, so that nothing else hangs on whether it is taken. One that is refused is not tried again."""
        password, account = self.task.password, self.account
        if password is None or account is None or not account.active:
            return
        self.report.failed = "set_password"
        try:
            await self.client.set_password(account.remote_id, password.clear)
        except (Rejected, Missing) as error:
            self.report.password_refused = error
        else:
            self._note("set_password")
        self.report.failed, self.report.password_ended = "", password.id

    async def _carry_out(self, plan: planning.UserPlan) -> None:
        if isinstance(plan, planning.Create):
            await self._create(plan)
            return
        try:
            await self._change(plan)
        except Missing:
            await self._look_up_again()

    async def _create(self, plan: planning.Create) -> None:
        try:
            found = await self._find(plan.values)
        except Missing:
            found = None  # some answer 404 instead of an empty list; a wrong address fails at the POST
        if found is not None:
            self._link(found, plan.values)
            return
        document = documents.user_document(plan.values, self.dialect)
        try:
            answer = await self.client.create_user(document)
        except Taken:
            found = await self._find(plan.values)
            if found is None:  # taken by somebody whom we cannot see, so theirs
                raise
            self._link(found, plan.values)
            return
        except Missing as error:
            raise collection_missing(error) from None
        remote_id = await self._id_of(answer, plan.values)
        self._did(plan, planning.account_after(plan, None, self.task.now, remote_id))

    async def _id_of(self, answer: Document, values: Values) -> str:
        try:
            return reading.read_id(answer)
        except NotScim:
            found = await self._find(values)  # 201 without a body
        if found is None:
            raise Uncertain(gettext_noop("It said that the account was created, but shows none."))
        return reading.read_id(found)

    async def _change(self, plan: planning.UserPlan) -> None:
        account = self.account
        if account is None:
            return
        if isinstance(plan, planning.Delete):
            await self.client.delete_user(account.remote_id)
        else:
            changes: Changes = {}
            active: bool | None = None
            if isinstance(plan, planning.Update | planning.Reactivate):
                changes = plan.changes
            if not isinstance(plan, planning.Update):
                active = isinstance(plan, planning.Reactivate)
            await self._update(account, changes, active)
        self._did(plan, planning.account_after(plan, account, self.task.now))

    async def _update(self, account: Account, changes: Changes, active: bool | None) -> None:
        operations = documents.user_operations(changes, account.sent, self.dialect, active=active)
        values = planning.merged(account.sent, changes)
        whole = documents.user_document(
            values, self.dialect, active=account.active if active is None else active
        )
        removed = [path for path, value in changes.items() if value is None]
        await self.client.update_user(account.remote_id, operations, whole, removed)

    async def _read_back(self, account: Account) -> Account | None:
        try:
            shown = await self.client.get_user(account.remote_id)
        except Missing:
            return None
        return self._as_shown(shown, account)

    async def _is_settled(self, expected: Values) -> bool:
        """False ends the conversation: the account that we may have created is there after all and is taken up before anything
        else, whoever is wanted now and under whatever name; or it is not there, which is kept in mind before another is created.
        """
        try:
            found = await self._find(expected)
        except Missing:
            found = None
        if found is None:
            self.report.not_there = self.report.unfinished = self.task.wanted is not None
            return self.task.wanted is None
        if self._is_somebody_elses(found, expected):
            return True
        self._link(found, expected)
        return False

    async def _look_up_again(self) -> None:
        """404: the account was deleted there, or has another id now. Whoever is wanted is created by the next plan."""
        account = self.account
        values = self.task.wanted or (account.sent if account else {})
        try:
            found = await self._find(values)
        except Missing as error:
            raise collection_missing(error) from None
        if found is not None:
            if account and reading.read_id(found) == account.remote_id:
                raise Rejected(gettext_noop("It lists this account, but does not know its id."), status=404)
            self._link(found, values)
            return
        if self.task.wanted is None:
            self._note(self.report.failed)  # nobody there is as good as deactivated
        self._know(None)

    async def _find(self, values: Values) -> Document | None:
        key = values.get(self.dialect.match_attribute, "")
        return await self.client.find_user(key) if key else None

    def _link(self, found: Document, values: Values) -> None:
        if self._is_somebody_elses(found, values):
            raise AdoptionRefused(
                gettext_noop("An account with this name exists there, but with another e-mail address.")
            )
        self._note("link")
        self.report.unfinished = True
        self._know(self._as_shown(found, None))

    def _is_somebody_elses(self, found: Document, values: Values) -> bool:
        """Account takeovers are not supported (GitLab): the same name with another e-mail is somebody else."""
        theirs = reading.read_user(found).email
        mails = [value for path, value in values.items() if path.startswith("emails")]
        return bool(theirs and mails and theirs.casefold() not in {mail.casefold() for mail in mails})

    def _as_shown(self, document: Document, account: Account | None) -> Account:
        shown = reading.read_user(document)
        since = account.inactive_since if account else None
        active = (account.active if account else True) if shown.active is None else shown.active
        values = documents.values_in(document, self.dialect.attributes)
        return Account(shown.id, values, active, None if active else since)

    def _know(self, account: Account | None) -> None:
        self.account = self.report.known = account

    def _did(self, plan: planning.UserPlan, account: Account | None) -> None:
        self._note(plan.operation)
        self._know(account)
