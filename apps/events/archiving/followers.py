"""
Who reads the log by its places, and may not have got as far as it is archived. The log knows none of them.

They are asked in the transaction of the statement, while the rows are still there: so each of them can say what it will never read.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

# Runs in the tenant in context, with the last place that is archived and when its latest event was; returns a line for each reader that missed some.
Follower = Callable[[int, datetime], list[dict[str, Any]]]
_followers: list[Follower] = []


def follow(follower: Follower) -> None:
    """Called from AppConfig.ready() of the following app."""
    if follower not in _followers:
        _followers.append(follower)


def tell(sequence: int, until: datetime) -> list[dict[str, Any]]:
    return [line for follower in _followers for line in follower(sequence, until)]
