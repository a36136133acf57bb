"""Who did it. A value, taken as a snapshot into each event: people and tokens may be deleted, the log stays readable."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is one of administrator, person, scim_source, api_key, system; `auth_method` how they showed it: session, api_key, token, or
    at a sign-in what was shown then (apps/accounts/authenticated.py)."""

    kind: str
    id: str
    name: str
    client_ip: str = ""
    user_agent: str = ""
    auth_method: str = ""

    @classmethod
    def system(cls) -> "Actor":
        return cls(kind="system", id="", name="Gatehouse")


@dataclass(frozen=True, slots=True)
class Target:
    """What an event is about: `kind` user, group, application, certificate, token, …"""

    kind: str
    id: str
    name: str

    @classmethod
    def of(cls, kind: str, thing: Any) -> "Target":
        return cls(kind=kind, id=str(thing.pk), name=str(thing))
