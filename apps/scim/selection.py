"""`attributes` and `excludedAttributes` (RFC 7644 section 3.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import ResponseParameters

from apps.lib.scim.errors import InvalidValue

ALWAYS = {"schemas", "id"}
Document = dict[str, Any]


@dataclass(frozen=True)
class Selection:
    """Folded names: an attribute, "attribute.part", or "urn:attribute". Names that nothing has are ignored, as the RFC says."""

    wanted: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def leaves_out(self, name: str) -> bool:
        """Whether an attribute is not told at all, so that it need not be read."""
        folded = name.casefold()
        asked = any(each == folded or each.startswith(f"{folded}.") for each in self.wanted)
        return folded in self.unwanted or (bool(self.wanted) and not asked)

    def asks_for(self, path: str) -> bool:
        """For what is told only to who names it ("returned": "request", RFC 7643 section 7)."""
        return path.casefold() in self.wanted

    def of(self, document: Document) -> Document:
        return _chosen(document, self, "") if self else document


def read(kind: Any, parameters: Mapping[str, Any]) -> Selection:
    """Raises ValidationError and SCIMException for what is no path, InvalidValue for both at once."""
    given = {name: parameters[name] for name in ("attributes", "excludedAttributes") if name in parameters}
    if not given:
        return Selection()
    if len(given) > 1:
        raise InvalidValue("attributes and excludedAttributes cannot be asked for together.")
    asked = ResponseParameters[kind].model_validate(given)
    return Selection(_folded(kind, asked.attributes), _folded(kind, asked.excluded_attributes))


def _folded(kind: Any, paths: Any) -> frozenset[str]:
    own = f"{kind.__schema__}:".casefold()
    return frozenset(str(path).casefold().removeprefix(own) for path in paths or ())


def _chosen(value: Document, selection: Selection, prefix: str) -> Document:
    kept: Document = {}
    for name, inner in value.items():
        path = f"{prefix}{name.casefold()}"
        if not prefix and name in ALWAYS:
            kept[name] = inner
        elif path in selection.unwanted:
            continue
        elif not selection.wanted or path in selection.wanted:
            kept[name] = _inside(inner, Selection(unwanted=selection.unwanted), path)
        elif any(each.startswith((f"{path}.", f"{path}:")) for each in selection.wanted):
            kept[name] = _inside(inner, selection, path)
    return {name: inner for name, inner in kept.items() if inner not in ({}, [])}


def _inside(value: Any, selection: Selection, path: str) -> Any:
    if not selection:
        return value
    prefix = f"{path}:" if path.startswith("urn:") and "." not in path.rpartition(":")[2] else f"{path}."
    if isinstance(value, dict):
        return _chosen(value, selection, prefix)
    if isinstance(value, list):
        return [_chosen(each, selection, prefix) if isinstance(each, dict) else each for each in value]
    return value
