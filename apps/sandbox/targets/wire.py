"""What a request and an answer are, and what a kind of target is: a table of routes and a few ways to say no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.lib.scim.schemas import CONTENT_TYPE, ERROR, LIST_RESPONSE
from apps.sandbox.errors import ScimRefused
from apps.sandbox.models import SandboxTarget

Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """`resource_id` is what stands behind the collection's name, unquoted; `body` is {} where none is expected."""

    target: SandboxTarget
    method: str
    resource_id: str
    query: Mapping[str, str]
    body: Document

    @property
    def at(self) -> str:
        """Where `meta.location` of a resource begins."""
        return self.target.base_url


@dataclass(frozen=True)
class Answer:
    """A `document` is sent as JSON, a `text` as it is; without either the body is empty."""

    status: int
    document: Document | None = None
    text: str = ""
    content_type: str = CONTENT_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Kind:
    """`routes` maps "GET Users" and "GET Users/{id}" to what answers them. `source` says where the behaviour is described."""

    key: str
    real_base_url: str
    source: Any
    oddities: tuple[Any, ...]  # for the page
    routes: Mapping[str, Handler]
    refusal: Callable[[ScimRefused], Answer]
    unauthorized: Answer
    elsewhere: Answer  # a path that it does not have
    wrong_method: Answer
    inactive_word: Any = ""  # what "inactive" means there, where it has a word of its own


def scim_error(status: int | str, detail: str, scim_type: str = "") -> Document:
    """`status` is written as it comes: the RFC says string, GitLab sends a number."""
    document: Document = {"schemas": [ERROR], "detail": detail, "status": status}
    if scim_type:
        document["scimType"] = scim_type
    return document


def rfc_refusal(refused: ScimRefused) -> Answer:
    """RFC 7644 section 3.12: the status is a string."""
    return Answer(refused.status, scim_error(str(refused.status), str(refused.detail), refused.scim_type))


def list_of(resources: list[Document], *, total: int, start_index: int, page_size: int) -> Answer:
    """The three counts are JSON integers (section 3.4.2)."""
    document = {
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "itemsPerPage": page_size,
        "startIndex": start_index,
        "Resources": resources,
    }
    return Answer(200, document)


def number_in(query: Mapping[str, str], name: str, default: int) -> int:
    """A row number or a page size; what is not a number counts as not given."""
    text = query.get(name, "").strip()
    return (
        int(text) if text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 10 else default
    )
