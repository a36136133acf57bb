from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.accounts.models import Administrator
from apps.api.actions import add_api_key
from apps.directory.errors import DirectoryError
from apps.directory.validators import fold
from apps.events.actors import Actor
from apps.tenants.commands import TenantCommand
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant


class Command(TenantCommand):
    help = "Makes an API key for an administrator and prints it, this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--admin", required=True, metavar="USERNAME")
        parser.add_argument("--name", default="Command line", help="what the key is for")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"], active=True).first()
        if tenant is None:
            raise CommandError(f"There is no tenant “{options['tenant']}”.")
        with in_tenant(tenant):
            key = fold(options["admin"])
            owner = Administrator.objects.filter(user__username_key=key, user__active=True).first()
            if owner is None:
                raise CommandError(f"“{options['admin']}” is no administrator of {tenant.slug}.")
            try:
                _, secret = add_api_key(actor=Actor.system(), owner=owner, name=options["name"])
            except DirectoryError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(secret)
