"""What people and groups have in common on their way out and in."""

from functools import cached_property, lru_cache
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import get_script_prefix, get_urlconf, reverse
from django_scim.adapters import SCIMMixin
from scim2_models import Context

from apps.directory.landmarks import Landmark
from apps.events.actors import Actor
from apps.lib.scim.messages import encode
from apps.scim import preconditions, resources
from apps.scim import selection as selections
from apps.scim.authentication import actor_of
from apps.scim.columns.comparing import Columns
from apps.scim.discovery import base_location
from apps.scim.listing import Asked
from apps.scim.models import Source
from apps.scim.selection import Selection

Document = dict[str, Any]
NOTHING_CHOSEN = Selection()


class ResourceAdapter(SCIMMixin):  # type: ignore[misc]
    """`obj` is one of `seen_by` that went through `complete`, or None for whom there is not yet. `save` and `handle_operations` are part of the request's transaction."""

    obj: Any
    kind: ClassVar[Any]  # the class of apps.scim.resources
    resource_type: ClassVar[str]
    url_name: ClassVar[str]
    id_field = "id"
    own_link: ClassVar[str]  # where `complete` puts the source's claim on the row
    wanted: Any = None

    @classmethod
    def seen_by(cls, source: Source) -> QuerySet[Any]:
        raise NotImplementedError

    @classmethod
    def columns(cls, source: Source) -> Columns:
        raise NotImplementedError

    @classmethod
    def complete(cls, source: Source, rows: QuerySet[Any], selection: Selection) -> list[Any]:
        """The rows with what their documents need: a fixed number of queries, however many they are. May leave out the last ones."""
        raise NotImplementedError

    @classmethod
    def one(cls, source: Source, key: UUID, selection: Selection, *, locked: bool = False) -> Any:
        """The row of that id, complete, or None. `locked`: for the transaction that is open."""
        rows = cls.seen_by(source).filter(pk=key)
        return next(iter(cls.complete(source, rows.select_for_update() if locked else rows, selection)), None)

    @classmethod
    def found_at_once(cls, source: Source, wanted: Asked) -> list[Any] | None:
        """The complete rows of what needs no search; None for what does."""
        return None

    @classmethod
    def total(cls, source: Source, rows: QuerySet[Any], wanted: Asked) -> int:
        """How many there are on all pages."""
        return rows.count()

    @classmethod
    def nearest_before(cls, source: Source, position: int, wanted: Asked) -> Landmark | None:
        """A moment, and how many of all come before it, at most `position`: it need not be walked to. None where no such is known."""
        return None

    def content(self, selection: Selection = NOTHING_CHOSEN) -> Document:
        """All but id and meta, and of what is made of other values only what is asked for."""
        raise NotImplementedError

    @property
    def source(self) -> Source:
        source: Source = self.request.scim_source
        return source

    @property
    def actor(self) -> Actor:
        return actor_of(self.request, self.source)

    @property
    def is_new(self) -> bool:
        return self.obj is None

    @property
    def link(self) -> Any:
        """None for what this source may only read, and for what is new."""
        return next(iter(getattr(self.obj, self.own_link, ())), None)

    @property
    def location(self) -> str:
        return f"{collection(self.request, self.url_name)}/{self.obj.pk}"

    @cached_property
    def version(self) -> str:
        return preconditions.version(self.obj.pk, self.obj.updated_at, self._version_of_link())

    def _version_of_link(self) -> str:
        return self.link.external_id if self.link else ""

    def to_dict(self, selection: Selection | None = None) -> Document:
        chosen = selections.read(self.kind, self.request.GET) if selection is None else selection
        content = self.content(chosen)
        meta = {
            "resourceType": self.resource_type,
            "created": _moment(self.obj.created_at),
            "lastModified": _moment(self.obj.updated_at),
            "location": self.location,
            "version": self.version,
        }
        return chosen.of({"schemas": content.pop("schemas"), "id": str(self.obj.pk), **content, "meta": meta})

    def written(self) -> bytes:
        """The document of an answer that tells this one resource."""
        return encode(self.to_dict())

    def validate_dict(self, document: Document) -> None:
        context = Context.RESOURCE_CREATION_REQUEST if self.is_new else Context.RESOURCE_REPLACEMENT_REQUEST
        self.wanted = resources.read(self.kind, document, context)

    def from_dict(self, document: Document) -> None:
        """Nothing is written before `save`: django-scim2 would fill the model's columns here."""

    def as_it_is(self) -> Any:
        """The resource that a PATCH starts from. It knows its id, so that a caller may repeat it."""
        return self.kind.model_validate({**self.content(), "id": str(self.obj.pk)})

    def take(self, row: Any, selection: Selection | None = None) -> None:
        """The row as it is after a write, with what the answer will tell."""
        chosen = selections.read(self.kind, self.request.GET) if selection is None else selection
        self.obj = self.one(self.source, row.pk, chosen)
        self.__dict__.pop("version", None)

    @classmethod
    def to_documents(cls, rows: list[Any], request: HttpRequest, selection: Selection) -> list[Document]:
        made: list[Self] = [cls(row, request=request) for row in rows]
        return [each.to_dict(selection) for each in made]


def collection(request: HttpRequest, url_name: str) -> str:
    """The address of all resources of a kind; looked up once in a request."""
    known: dict[str, str] = request.__dict__.setdefault("scim_collections", {})
    if url_name not in known:
        known[url_name] = base_location() + _path(get_script_prefix(), get_urlconf(), url_name)
    return known[url_name]


@lru_cache(1000)
def _path(_prefix: str, _urlconf: str | None, url_name: str) -> str:
    """As it is for that tenant."""
    return reverse(url_name)


def _moment(value: Any) -> str:
    return str(value.isoformat()).replace("+00:00", "Z")
