"""A job in hand, as a value: making models of them, and looking those up by their keys, would cost as much as reading the directory."""

import uuid
from dataclasses import dataclass, fields
from datetime import datetime


@dataclass(eq=False, slots=True)
class Claimed:
    """What of a job is read when it is claimed, by the names of its columns. One job is one object, so it is itself its key."""

    id: uuid.UUID
    kind: str
    resource_id: uuid.UUID
    resource_name: str
    attempts: int
    read_back: bool
    expected: dict[str, str] | None
    approved: bool
    removal_since: datetime | None
    kept_because: str
    correlation_id: uuid.UUID | None

    def __str__(self) -> str:
        return self.resource_name or str(self.resource_id)


COLUMNS = tuple(each.name for each in fields(Claimed))
