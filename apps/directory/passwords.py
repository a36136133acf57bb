"""Who has to hear of a password while it can be read: the apps above say so once, and are called inside the transaction that sets it."""

from collections.abc import Callable

from django.views.decorators.debug import sensitive_variables

from apps.directory.models import User

_listeners: list[Callable[[User, str], None]] = []


def on_password_set(listener: Callable[[User, str], None]) -> None:
    """Called from AppConfig.ready() of the listening app."""
    if listener not in _listeners:
        _listeners.append(listener)


@sensitive_variables("password")
def tell(user: User, password: str) -> None:
    for listener in _listeners:
        listener(user, password)
