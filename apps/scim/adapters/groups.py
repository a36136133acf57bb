"""Groups. Members are changed by their difference and told only where somebody asks for them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from apps.directory.models import Group
from apps.lib.scim.errors import TooLarge
from apps.lib.scim.messages import encode, quoted
from apps.lib.scim.schemas import GROUP
from apps.scim import groups, resources
from apps.scim import selection as selections
from apps.scim.actions import groups as actions
from apps.scim.adapters.base import NOTHING_CHOSEN, Document, ResourceAdapter, collection
from apps.scim.columns import of_group
from apps.scim.columns.comparing import Columns
from apps.scim.columns.of_groups import MEMBER
from apps.scim.errors import GroupNotYours
from apps.scim.filters import conditions
from apps.scim.membership import MOST_MEMBERS, MembershipChange, ids_of, replacement, split
from apps.scim.models import Source
from apps.scim.patching import applied, as_understood
from apps.scim.people import seen_by as people_seen_by
from apps.scim.selection import Selection

WITHOUT_MEMBERS = Selection(unwanted=frozenset({"members"}))


class GroupAdapter(ResourceAdapter):
    kind = resources.Group
    resource_type = "Group"
    url_name = "scim:groups"
    own_link = "own_groups"
    change: MembershipChange | None = None

    @classmethod
    def seen_by(cls, source: Source) -> QuerySet[Group]:
        return groups.seen_by(source)

    @classmethod
    def columns(cls, source: Source) -> Columns:
        return of_group(source)

    @classmethod
    def complete(cls, source: Source, rows: QuerySet[Group], selection: Selection) -> list[Group]:
        found = list(groups.with_claim(source, rows))
        if not found or selection.leaves_out("members"):
            return found
        found = groups.fitting(found)
        if selection.asks_for("members.display"):
            named = groups.named_members_of(source, found)
            for group in found:
                group.named_members = named.get(str(group.pk), [])  # type: ignore[attr-defined]
        else:
            members = groups.members_of(source, found)
            for group in found:
                group.told_members = members.get(str(group.pk), [])  # type: ignore[attr-defined]
        return found

    def content(self, selection: Selection = NOTHING_CHOSEN) -> Document:
        people = collection(self.request, "scim:users")
        document: Document = {"schemas": [GROUP]}
        if self.link and self.link.external_id:
            document["externalId"] = self.link.external_id
        document["displayName"] = self.obj.name
        if selection.leaves_out("members"):
            return document
        members = [
            {"value": key, "$ref": f"{people}/{key}", "type": "User"}
            for key in getattr(self.obj, "told_members", ())
        ]
        members += [
            {"value": key, "$ref": f"{people}/{key}", "type": "User", "display": name}
            for key, name in getattr(self.obj, "named_members", ())
        ]
        if members:
            document["members"] = members
        return document

    def written(self) -> bytes:
        """Thousands of members are written at once, last of all: an encoder would look at each of their values."""
        members = getattr(self.obj, "told_members", None)
        if not members or selections.read(self.kind, self.request.GET):
            return super().written()
        people = quoted(collection(self.request, "scim:users"))
        written = [f'{{"value":"{key}","$ref":"{people}/{key}","type":"User"}}' for key in members]
        whole = encode(self.to_dict(WITHOUT_MEMBERS))
        return b"".join([whole[:-1], b',"members":[', ",".join(written).encode(), b"]}"])

    def validate_dict(self, document: Document) -> None:
        self._owned()
        super().validate_dict(document)
        sent = [value for name, value in document.items() if name.casefold() == "members"]
        ids = ids_of(sent[0]) if sent else frozenset()
        if len(ids) > MOST_MEMBERS:
            raise TooLarge(f"members: More than {MOST_MEMBERS} in one request; send them in several.")
        self.change = replacement(ids)

    def handle_operations(self, operations: Any) -> None:
        self._owned()
        others, self.change = split(as_understood(self.kind, operations), self._matching)
        self.wanted = applied(self.as_it_is(), others)
        self.wanted.external_id = self.wanted.external_id or ""  # here its absence was asked for
        self.save(selections.read(self.kind, self.request.GET) or WITHOUT_MEMBERS)

    def _matching(self, described: str, also: Iterable[str]) -> Iterable[str]:
        """Of the members, and of those who are about to become members."""
        columns = Columns({(name, None): compare for name, compare in MEMBER.items()}, {})
        people = people_seen_by(self.source).filter(conditions(resources.Member, described, columns))
        known = Q(memberships__group=self.obj) | Q(pk__in=list(also))
        return [str(key) for key in people.filter(known).values_list("pk", flat=True)]

    def save(self, told: Selection | None = None) -> None:
        name, external_id = self.wanted.display_name or "", self.wanted.external_id
        if self.is_new:
            members = self.change.added if self.change else ()
            group = actions.add_group(
                source=self.source,
                actor=self.actor,
                name=name,
                external_id=external_id or "",
                members=members,
            )
        else:
            group = actions.update_group(
                self._owned(), actor=self.actor, name=name, external_id=external_id, members=self.change
            )
        self.take(group, told)

    def delete(self) -> None:
        actions.remove_group(self._owned(), actor=self.actor)

    def _owned(self) -> Any:
        if self.link is None and not self.is_new:
            raise GroupNotYours().about(self.obj, external_id="")
        return self.link
