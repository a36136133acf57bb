"""People."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.directory.landmarks import Landmark
from apps.directory.models import User as Person
from apps.scim import plain, resources
from apps.scim.actions import people as actions
from apps.scim.adapters.base import NOTHING_CHOSEN, Document, ResourceAdapter
from apps.scim.columns import of_person
from apps.scim.columns.comparing import Columns
from apps.scim.errors import NotYours
from apps.scim.listing import Asked
from apps.scim.lookups import people_named, seen_person
from apps.scim.models import Source
from apps.scim.patching import patched
from apps.scim.people import nearest_before, seen_by, total_seen_by, with_identity
from apps.scim.selection import Selection
from apps.scim.user_resource import Wanted, document_of, emails_of, keep_company, wanted_of


class UserAdapter(ResourceAdapter):
    kind = resources.Person
    resource_type = "User"
    url_name = "scim:users"
    own_link = "own_identities"

    @classmethod
    def seen_by(cls, source: Source) -> QuerySet[Person]:
        return seen_by(source)

    @classmethod
    def columns(cls, source: Source) -> Columns:
        return of_person(source)

    @classmethod
    def complete(cls, source: Source, rows: QuerySet[Person], selection: Selection) -> list[Person]:
        return with_identity(source, rows)

    @classmethod
    def total(cls, source: Source, rows: QuerySet[Person], wanted: Asked) -> int:
        return rows.count() if wanted.filter is not None else total_seen_by(source)

    @classmethod
    def nearest_before(cls, source: Source, position: int, wanted: Asked) -> Landmark | None:
        return None if wanted.filter is not None or wanted.order else nearest_before(source, position)

    @classmethod
    def one(cls, source: Source, key: UUID, selection: Selection, *, locked: bool = False) -> Person | None:
        return seen_person(source, key, locked=locked)

    @classmethod
    def found_at_once(cls, source: Source, wanted: Asked) -> list[Person] | None:
        return None if wanted.filter is None or wanted.order else people_named(source, wanted.filter)

    def content(self, selection: Selection = NOTHING_CHOSEN) -> Document:
        document = document_of(self.obj, self.link)
        whole = f"{self.obj.first_name} {self.obj.last_name}".strip()
        if whole and selection.asks_for("name.formatted"):
            document["name"] |= {"formatted": whole}
        return document

    def _version_of_link(self) -> str:
        if not self.link:
            return ""
        # Not as it stands: PostgreSQL has an order of its own for what JSON objects hold.
        secondary = [f"{each.get('type', '')} {each['value']}" for each in self.link.secondary_emails]
        return "\n".join([self.link.external_id, self.link.user_name, *secondary])

    def validate_dict(self, document: Document) -> None:
        """
        Entra sends no e-mail for people without a mailbox: their user name is an address. A PUT without one, or without `active`, keeps
        what is there.
        """
        folded = {name.casefold(): value for name, value in document.items()}
        filled: Document = {}
        if not folded.get("emails"):
            filled["emails"] = (
                [{"value": folded.get("username")}] if self.is_new else emails_of(self.obj, self.link)
            )
        if folded.get("active") is None:
            filled["active"] = self.is_new or self.obj.active
        kept = {name: value for name, value in document.items() if name.casefold() not in filled} | filled
        self.wanted = plain.read(kept)
        if self.wanted is None:
            super().validate_dict(kept)
            self.wanted = wanted_of(self.wanted)

    def handle_operations(self, operations: Any) -> None:
        self.wanted = plain.changed(self.content(), operations)
        if self.wanted is None:
            resource = patched(self.as_it_is(), operations)
            keep_company(resource, self.obj)
            self.wanted = wanted_of(resource)
        external_id = self.wanted.external_id or ""  # here its absence was asked for
        self.wanted = replace(self.wanted, external_id=external_id)
        self.save()

    def save(self) -> None:
        wanted: Wanted = self.wanted
        fields: dict[str, Any] = wanted.fields | {"secondary": wanted.secondary}
        if self.is_new:
            self.take(self._add(wanted.external_id or "", wanted.active is not False, fields))
        else:
            self.take(self._update(wanted.external_id, wanted.active, fields))

    def take(self, row: Person, selection: Selection | None = None) -> None:
        """Complete as the actions leave it."""
        self.obj = row
        self.__dict__.pop("version", None)

    def _add(self, external_id: str, active: bool, fields: dict[str, Any]) -> Person:
        return actions.add_person(
            source=self.source, actor=self.actor, external_id=external_id, active=active, **fields
        )

    def _update(self, external_id: str | None, active: bool | None, fields: dict[str, Any]) -> Person:
        """Absent `externalId` and `active` stay as they are: Okta's PUT leaves them out, and nobody is to lose or gain access by that."""
        if self.link is None:
            raise NotYours().about(self.obj, external_id=external_id, user_name=fields.get("username"))
        return actions.update_person(
            self.link, actor=self.actor, external_id=external_id, active=active, **fields
        )

    def delete(self) -> None:
        if self.link is None:
            raise NotYours().about(self.obj, external_id="", user_name="")
        actions.remove_person(self.link, actor=self.actor)
