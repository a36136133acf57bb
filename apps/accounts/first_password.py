"""The password of somebody whom a command adds."""

import getpass
import os
import sys

from django.core.management.base import CommandError


def asked_password(prompt: str) -> str:
    """From PORTAL_ADMIN_PASSWORD, or typed. Raises CommandError where there is nobody to type it."""
    if password := os.environ.get("PORTAL_ADMIN_PASSWORD"):
        return password
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for the password: set PORTAL_ADMIN_PASSWORD.")
    return getpass.getpass(prompt)
