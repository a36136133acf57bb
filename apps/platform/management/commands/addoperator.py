from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.accounts.first_password import asked_password
from apps.directory.errors import DirectoryError
from apps.platform.actions import add_operator
from apps.tenants.commands import TenantCommand


class Command(TenantCommand):
    help = "Adds an operator of this installation; the password comes from PORTAL_ADMIN_PASSWORD or is asked for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        password = asked_password("Password of the operator: ")
        try:
            user = add_operator(username=options["username"], email=options["email"], password=password)
        except DirectoryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"“{user.username}” signs in at /platform/ and sets up a second factor there: an authenticator app or a passkey."
        )
