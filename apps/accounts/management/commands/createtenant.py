from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from apps.accounts.actions import add_administrator
from apps.accounts.first_password import asked_password
from apps.accounts.models import Role
from apps.directory.actions import add_user
from apps.directory.errors import DirectoryError
from apps.events.actors import Actor
from apps.tenants.actions import create_tenant
from apps.tenants.addresses import path_prefix
from apps.tenants.commands import TenantCommand
from apps.tenants.context import in_tenant


class Command(TenantCommand):
    help = "Creates a tenant and its first administrator; the password comes from PORTAL_ADMIN_PASSWORD or is asked for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="lower-case letters, digits and hyphens; stands in every address")
        parser.add_argument("--name", required=True)
        parser.add_argument("--admin", required=True, metavar="USERNAME")
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        password = asked_password("Password of the administrator: ")
        try:
            with transaction.atomic():
                tenant = create_tenant(slug=options["slug"], name=options["name"])
                with in_tenant(tenant):
                    user = add_user(
                        actor=Actor.system(),
                        username=options["admin"],
                        email=options["email"],
                        password=password,
                    )
                    add_administrator(user, actor=Actor.system(), role=Role.OWNER)
        except ValidationError as error:
            fields = error.message_dict.items()
            raise CommandError("; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields)) from error
        except DirectoryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Tenant “{tenant.name}” is at {path_prefix(tenant)}, its console at {path_prefix(tenant)}console/."
        )
