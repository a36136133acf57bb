"""A company whose people have accounts at an application that fails on demand."""

from tests.provisioning.conftest import _eager, company, silent_bell, staffed, target

__all__ = ["_eager", "company", "silent_bell", "staffed", "target"]
