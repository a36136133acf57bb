"""One group and one application: take over or create, rename, change members, delete, or let go."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.lib.scim import reading
from apps.lib.scim.errors import NotScim
from apps.provisioning import documents
from apps.provisioning import plan as planning
from apps.provisioning.client import ScimClient
from apps.provisioning.conversation import MOST_PLANS, Conversation, Report, collection_missing
from apps.provisioning.errors import Missing, Rejected, Taken, Uncertain
from apps.provisioning.plan import GroupRules, RemoteTeam, Team
from apps.provisioning.wire import Document


@dataclass(frozen=True)
class GroupTask:
    """`expected` is the name in an earlier create, whose fate is unknown."""

    wanted: Team | None
    remote: RemoteTeam | None
    rules: GroupRules
    exists: bool
    external_id: str
    read_back: bool = False
    expected: str = ""


class GroupConversation(Conversation):
    def __init__(self, client: ScimClient, task: GroupTask) -> None:
        super().__init__(client)
        self.task = task
        self.remote = task.remote
        self.report = Report(task.remote)

    async def _converse(self) -> None:
        if self.task.read_back and self.remote is not None:
            self._know(await self._read_back(self.remote))
        elif self.task.expected and await self._is_there_after_all(self.task.expected):
            return
        for _ in range(MOST_PLANS):
            plan = planning.plan_group(
                self.task.wanted, self.remote, self.task.rules, exists=self.task.exists
            )
            if isinstance(plan, planning.Nothing):
                return
            self.report.failed = plan.operation
            await self._carry_out(plan)
            self.report.failed = ""
            if self.report.unfinished:
                return
        raise Rejected(gettext_noop("It does not keep what it is told."))

    async def _carry_out(self, plan: planning.GroupPlan) -> None:
        if isinstance(plan, planning.CreateGroup):
            await self._create(plan)
        elif self.remote is not None:
            try:
                await self._change(plan, self.remote)
            except Missing:
                if isinstance(plan, planning.DeleteGroup):
                    self._note(plan.operation)
                self._know(None)  # whatever is wanted is found or created by the next plan

    async def _create(self, plan: planning.CreateGroup) -> None:
        try:
            found = await self.client.find_group(plan.name)
        except Missing:
            found = None
        if found is not None:
            self._link(found)
            return
        document = documents.group_document(
            plan.name, plan.members, self.dialect, external_id=self.task.external_id
        )
        try:
            answer = await self.client.create_group(document)
        except Taken:
            found = await self.client.find_group(plan.name)
            if found is None:
                raise
            self._link(found)
            return
        except Missing as error:
            raise collection_missing(error) from None
        remote_id = await self._id_of(answer, plan.name)
        self._did(plan, planning.team_after(plan, None, self.task.rules, remote_id))

    async def _is_there_after_all(self, expected: str) -> bool:
        """A group that is wanted no more, or under another name, would leave behind what we may have created.

        It is ours only if it has our id in it: a name alone could be somebody else's group, and ours are deleted.
        """
        if self.task.wanted is not None and self.task.wanted.name == expected:
            return False  # creating looks up first
        try:
            found = await self.client.find_group(expected)
        except Missing:
            return False
        if found is None or reading.read_group(found).external_id != self.task.external_id:
            return False
        self._link(found)
        return True

    def _link(self, found: Document) -> None:
        """A group of the same name is taken over: ours from here on, members included."""
        self._note("link")
        self.report.unfinished = True
        self._know(_as_shown(found))

    async def _id_of(self, answer: Document, name: str) -> str:
        try:
            return reading.read_id(answer)
        except NotScim:
            found = await self.client.find_group(name)
        if found is None:
            raise Uncertain(gettext_noop("It said that the group was created, but shows none."))
        return reading.read_id(found)

    async def _change(self, plan: planning.GroupPlan, remote: RemoteTeam) -> None:
        if isinstance(plan, planning.DeleteGroup):
            await self.client.delete_group(remote.remote_id)
        elif isinstance(plan, planning.Rename):
            await self._rename(plan, remote)
        elif isinstance(plan, planning.ChangeMembers):
            known = remote.managed and remote.members is not None
            if not known and not self.dialect.group_patch_replaces:
                shown = await self._read_back(remote)
                self._know(shown and RemoteTeam(shown.remote_id, shown.name, shown.members or frozenset()))
                return
            await self._change_members(plan, remote, known=known)
        self._did(plan, planning.team_after(plan, remote, self.task.rules))

    async def _rename(self, plan: planning.Rename, remote: RemoteTeam) -> None:
        members = remote.members if remote.members is not None else frozenset()
        whole = documents.group_document(plan.name, members, self.dialect)
        if not self.dialect.group_patch_replaces:
            await self.client.replace_group(remote.remote_id, whole | documents.members_value(members))
            return
        operations = documents.rename_operations(plan.name, self.dialect)
        await self.client.update_group(remote.remote_id, operations, {"displayName": plan.name})

    async def _change_members(self, plan: planning.ChangeMembers, remote: RemoteTeam, *, known: bool) -> None:
        if known:
            operations = documents.member_operations(plan.add, plan.remove, self.dialect)
        else:
            operations = documents.everyone_operations(plan.everyone, self.dialect)
        whole = {"displayName": remote.name} | documents.members_value(plan.everyone)
        await self.client.update_group(remote.remote_id, operations, whole)

    async def _read_back(self, remote: RemoteTeam) -> RemoteTeam | None:
        try:
            shown = _as_shown(await self.client.get_group(remote.remote_id))
        except Missing:
            return None
        return RemoteTeam(shown.remote_id, shown.name, shown.members, remote.managed)

    def _know(self, remote: RemoteTeam | None) -> None:
        self.remote = self.report.known = remote

    def _did(self, plan: planning.GroupPlan, remote: RemoteTeam | None) -> None:
        self._note(plan.operation, sent=not isinstance(plan, planning.LeaveAsIs))
        self._know(remote)


def _as_shown(document: Document) -> RemoteTeam:
    shown = reading.read_group(document)
    members = None if shown.member_ids is None else frozenset(shown.member_ids)
    return RemoteTeam(shown.id, shown.display_name, members)
