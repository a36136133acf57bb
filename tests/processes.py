"""Processes of the product that tests start."""

import os

OF_THE_SUITE = ("DATABASE_URL", "REDIS_URL", "TEST_REDIS_URL", "DJANGO_SETTINGS_MODULE")


def embedded_environment(**more: str) -> dict[str, str]:
    """For a process on the embedded defaults, also while the suite itself runs on PostgreSQL and Redis."""
    return {name: value for name, value in os.environ.items() if name not in OF_THE_SUITE} | more
