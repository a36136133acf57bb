"""SCIM 2.0 spoken to one application: the requests of its dialect, and answers read leniently."""

import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from urllib.parse import quote, urlencode

from django.utils.translation import gettext_noop

from apps.lib.scim import messages, reading
from apps.lib.scim.errors import NotScim, ReadingError
from apps.lib.scim.filters import equals
from apps.provisioning.documents import cased, without
from apps.provisioning.errors import AdoptionRefused, NotSupported, Rejected
from apps.provisioning.gate import Gate
from apps.provisioning.wire import Document, Step, Target, Wire, unreadable

MOST_PAGES = 100  # of a list whose filter was ignored


class ScimClient:
    """One conversation. `prefers_put` is learnt from a refused PATCH and handed on to the next."""

    def __init__(self, target: Target, gate: Gate | None = None, *, prefers_put: bool = False) -> None:
        self.dialect = target.dialect
        self.prefers_put = prefers_put
        self._wire = Wire(target, gate or Gate())

    @property
    def steps(self) -> list[Step]:
        return self._wire.steps

    async def verify(self) -> None:
        """Reads only and asks for nobody: discovery may be missing, and `count` fails at some. Raises TargetError."""
        nobody = f"nobody-{secrets.token_hex(8)}"
        await self._list(self._search("Users", self.dialect.match_attribute, nobody))

    async def service_provider_config(self) -> Document:
        return await self._wire.ask("GET", "/ServiceProviderConfig")

    # --- users

    async def find_user(self, value: str) -> Document | None:
        """By the dialect's match attribute. Raises AdoptionRefused where two have it."""
        attribute = self.dialect.match_attribute
        shown_as = (
            (attribute,) if attribute == "userName" else (attribute, "id")
        )  # GitLab shows externalId as id
        return await self._find("Users", attribute, value, shown_as)

    async def list_users(self, start_index: int, count: int) -> reading.ReadList:
        """One page (RFC 7644 section 3.4.2.4). `count` 0: as many as the application likes."""
        query = {"startIndex": start_index} | ({"count": count} if count else {})
        return await self._list(f"/Users?{urlencode(query)}")

    async def get_user(self, remote_id: str) -> Document:
        return _resource(await self._wire.ask("GET", _path("Users", remote_id)))

    async def create_user(self, document: Document) -> Document:
        """The answer, {} for a 201 without a body."""
        return await self._wire.ask("POST", "/Users", document)

    async def update_user(
        self, remote_id: str, operations: Sequence[Document], whole: Document, removed: Collection[str] = ()
    ) -> None:
        """PATCH; where that is not supported, PUT of the account as it is there, without the paths in `removed` and with `whole`
        laid over it.
        """
        await self._change(_path("Users", remote_id), operations, whole, removed=removed)

    async def set_password(self, remote_id: str, password: str) -> None:
        change = messages.replace("password", password, op=cased("replace", self.dialect))
        await self._change(_path("Users", remote_id), [change], {"password": password}, secret=True)

    async def delete_user(self, remote_id: str) -> None:
        await self._wire.ask("DELETE", _path("Users", remote_id))

    # --- groups

    async def find_group(self, name: str) -> Document | None:
        """By displayName. Raises AdoptionRefused where two have it."""
        return await self._find("Groups", "displayName", name, ("displayName",))

    async def get_group(self, remote_id: str) -> Document:
        return _resource(await self._wire.ask("GET", _path("Groups", remote_id)))

    async def create_group(self, document: Document) -> Document:
        return await self._wire.ask("POST", "/Groups", document)

    async def update_group(self, remote_id: str, operations: Sequence[Document], whole: Document) -> None:
        await self._change(_path("Groups", remote_id), operations, whole)

    async def replace_group(self, remote_id: str, whole: Document) -> None:
        """PUT, for what the dialect has no PATCH for."""
        await self._wire.ask("PUT", _path("Groups", remote_id), {**whole, "id": remote_id})

    async def delete_group(self, remote_id: str) -> None:
        await self._wire.ask("DELETE", _path("Groups", remote_id))

    # ---

    async def _change(
        self,
        path: str,
        operations: Sequence[Document],
        whole: Document,
        *,
        removed: Collection[str] = (),
        secret: bool = False,
    ) -> None:
        if not self.prefers_put:
            with suppress(NotSupported):  # then the whole resource is put there, below
                await self._wire.ask("PATCH", path, messages.patch_op(*operations), secret=secret)
                return
        await self._put(path, whole, removed, secret=secret)
        # Not before it was taken: some have neither while something in front of them is ill.
        self.prefers_put = True

    async def _put(self, path: str, whole: Document, removed: Collection[str], *, secret: bool) -> None:
        there = _resource(await self._wire.ask("GET", path))
        kept = {name: value for name, value in there.items() if name not in {"meta", "groups"}}
        await self._wire.ask("PUT", path, {**without(kept, removed), **whole}, secret=secret)

    async def _find(
        self, collection: str, attribute: str, value: str, shown_as: Sequence[str]
    ) -> Document | None:
        """Compared here once more: some ignore the filter and list everybody. Spelled exactly wins over other case."""
        exact: dict[str, Document] = {}
        folded: dict[str, Document] = {}
        async for resource in self._everything(self._search(collection, attribute, value)):
            shown = {str(found) for name in shown_as if (found := reading.get(resource, name)) is not None}
            if any(text.casefold() == value.casefold() for text in shown):
                found_id = reading.read_id(_resource(resource))
                folded[found_id] = resource
                if value in shown:
                    exact[found_id] = resource
        matching = exact or folded
        if len(matching) > 1:
            several = gettext_noop("More than one account or group there has this %(attribute)s.")
            raise AdoptionRefused(several % {"attribute": attribute})
        return next(iter(matching.values()), None)

    def _search(self, collection: str, attribute: str, value: str) -> str:
        if not self.dialect.filters:
            return f"/{collection}?count={self.dialect.page_limit}"
        return f"/{collection}?filter={quote(equals(attribute, value), safe='')}"

    async def _everything(self, path: str) -> AsyncIterator[Document]:
        """One page where the filter was obeyed, further ones where the list goes on."""
        seen = 0
        for _ in range(MOST_PAGES):
            listed = await self._list(f"{path}&startIndex={seen + 1}" if seen else path)
            for resource in listed.resources:
                yield dict(resource)
            seen += len(listed.resources)
            if not listed.resources or seen >= listed.total:
                return
        if not self.dialect.filters:  # not to have seen somebody is not to know that they are not there
            raise AdoptionRefused(gettext_noop("It lists too many to find one among them."))

    async def _list(self, path: str) -> reading.ReadList:
        document = await self._wire.ask("GET", path)
        try:
            return reading.read_list(document)
        except ReadingError as error:
            raise unreadable(str(error), 200, writes=False) from None


def _path(collection: str, remote_id: str) -> str:
    """Ids hold @ . / : at some; encoded whole, so that none of it is structure (RFC 3986 section 2.1)."""
    if remote_id in {"", ".", ".."}:  # would name another address however it is spelled (section 6.2.2.3)
        raise Rejected(gettext_noop("The application gave an id that cannot stand in an address."))
    return f"/{collection}/{quote(remote_id, safe='')}"


def _resource(document: Document) -> Document:
    try:
        reading.read_id(document)
    except NotScim as error:
        raise unreadable(str(error), 200, writes=False) from None
    return document
