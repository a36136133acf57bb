"""Single values as they arrive in requests."""

from typing import Any

from apps.lib.scim.errors import InvalidValue


def read_boolean(value: Any, attribute: str = "active") -> bool:
    """Entra sends "False" and OneLogin "true", as strings; bool("False") would keep a leaver's access. Raises InvalidValue."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.casefold() in {"true", "false"}:
        return value.casefold() == "true"
    raise InvalidValue(f"{attribute} has to be true or false.")
