from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.directory.errors import DirectoryError
from apps.events.actors import Actor
from apps.scim.actions.sources import add_scim_token
from apps.scim.models import SourceKind
from apps.tenants.addresses import tenant_url
from apps.tenants.commands import TenantCommand
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant


class Command(TenantCommand):
    help = "Makes a token for an identity provider, and its source if there is none of that name; prints the base URL and, this once, the token."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument(
            "--name", required=True, help="who will bring it, as the event log will say: “Okta prod”"
        )
        parser.add_argument(
            "--kind",
            choices=SourceKind.values,
            default=SourceKind.OTHER,
            help="which guide the console shows",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"], active=True).first()
        if tenant is None:
            raise CommandError(f"There is no tenant “{options['tenant']}”.")
        try:
            with in_tenant(tenant):
                _, secret = add_scim_token(actor=Actor.system(), name=options["name"], kind=options["kind"])
        except DirectoryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(tenant_url(tenant, "scim:root"))
        self.stdout.write(secret)
