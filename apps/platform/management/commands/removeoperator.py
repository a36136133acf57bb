from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.directory.errors import DirectoryError
from apps.directory.models import User
from apps.events.actors import Actor
from apps.platform.actions import remove_operator
from apps.tenants.commands import TenantCommand
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant
from apps.tenants.platform import SLUG


class Command(TenantCommand):
    help = "Removes an operator of this installation, with their sessions. The last one stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=SLUG).first()
        if tenant is None:
            raise CommandError("There are no operators yet.")
        with in_tenant(tenant):
            found = list(User.objects.named(options["username"])[:2])
            if len(found) != 1:
                raise CommandError(f"No operator is called “{options['username']}”.")
            try:
                remove_operator(found[0], actor=Actor.system())
            except DirectoryError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"“{found[0].username}” is no operator any more.")
