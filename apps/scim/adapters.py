"""Between a request's document and the directory: what django-scim2's views call. `save` is one transaction."""

from typing import Any

from django_scim.adapters import SCIMUser
from pydantic import ValidationError
from scim2_models import Context, Meta, SCIMException

from apps.directory.errors import DirectoryError
from apps.directory.models import User as Person
from apps.lib.scim.errors import Mutability, TooLarge
from apps.scim import resources
from apps.scim.actions import people as actions
from apps.scim.authentication import actor_of
from apps.scim.bodies import MOST_OPERATIONS
from apps.scim.errors import NotYours, as_scim_error
from apps.scim.models import ExternalIdentity, Source
from apps.scim.people import with_identity

REFUSALS = (DirectoryError, ValidationError, SCIMException)


class UserAdapter(SCIMUser):
    """`obj` comes from `with_identity` or is new. Raises ScimError."""

    obj: Any
    id_field = "id"

    @property
    def source(self) -> Source:
        source: Source = self.request.scim_source
        return source

    @property
    def identity(self) -> ExternalIdentity | None:
        """None for a person whom this source may only read, and for a new one."""
        return next(iter(getattr(self.obj, "own_identities", ())), None)

    @property
    def resource(self) -> resources.User:
        return resources.of_person(self.obj, self.identity)

    def to_dict(self) -> dict[str, Any]:
        resource = self.resource
        resource.id = self.id
        resource.meta = Meta(
            resource_type=self.resource_type,
            created=self.obj.created_at,
            last_modified=self.obj.updated_at,
            location=self.location,
        )
        try:
            chosen = resources.parameters(self.request.GET)
        except REFUSALS as error:
            raise as_scim_error(error) from error
        return resource.model_dump(
            scim_ctx=Context.RESOURCE_QUERY_RESPONSE,
            response_parameters=chosen,
            scim_policy=resources.POLICY,
        )

    def validate_dict(self, document: dict[str, Any]) -> None:
        is_new = self.obj._state.adding  # noqa: SLF001 - Django's own way to ask
        context = Context.RESOURCE_CREATION_REQUEST if is_new else Context.RESOURCE_REPLACEMENT_REQUEST
        try:
            self.wanted = resources.read(document, context)
        except REFUSALS as error:
            raise as_scim_error(error) from error

    def from_dict(self, document: dict[str, Any]) -> None:
        """Nothing is written before `save`: django-scim2 would fill the model's columns here."""

    def handle_operations(self, operations: Any) -> None:
        if isinstance(operations, list) and len(operations) > MOST_OPERATIONS:
            raise TooLarge(f"More than {MOST_OPERATIONS} operations.")
        before = self.resource
        try:
            self.wanted = resources.patched(before, operations)
        except REFUSALS as error:
            raise as_scim_error(error) from error
        if not self.wanted.emails:
            raise Mutability("emails: One e-mail address has to stay.")
        self.save()

    def save(self) -> None:
        actor = actor_of(self.request, self.source)
        fields: dict[str, str] = resources.fields_of(self.wanted)
        external_id, active = self.wanted.external_id, self.wanted.active
        try:
            if self.obj._state.adding:  # noqa: SLF001
                person = self._add(actor, external_id or "", active is not False, fields)
            else:
                person = self._update(actor, external_id, active, fields)
        except DirectoryError as error:
            raise as_scim_error(error) from error
        self.obj = with_identity(self.source, Person.objects.filter(pk=person.pk)).get()

    def _add(self, actor: Any, external_id: str, active: bool, fields: dict[str, str]) -> Person:
        # Entra sends no e-mail for people without a mailbox; their user name is an address.
        fields.setdefault("email", fields["username"])
        return actions.add_person(
            source=self.source, actor=actor, external_id=external_id, active=active, **fields
        )

    def _update(
        self, actor: Any, external_id: str | None, active: bool | None, fields: dict[str, str]
    ) -> Person:
        """Absent `externalId` and `active` stay as they are: Okta's PUT leaves them out, and nobody is to lose or gain access by that."""
        if self.identity is None:
            raise NotYours().about(self.obj, external_id=external_id, user_name=fields["username"])
        return actions.update_person(
            self.identity, actor=actor, external_id=external_id, active=active, **fields
        )
