from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.events import chain
from apps.tenants.commands import TenantCommand
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant


class Command(TenantCommand):
    help = "Verifies the hash chain of a tenant's event log; exits 1 and names the lines when any was tampered with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant “{options['tenant']}”.")
        with in_tenant(tenant):
            verification = chain.verify()
        for fault in verification.faults:
            self.stderr.write(self.style.ERROR(fault))
        if verification.faults:
            raise CommandError(
                f"{len(verification.faults)} of {verification.sealed} sealed events do not verify."
            )
        self.stdout.write(
            f"{verification.sealed} sealed events verify; {verification.unsealed} are not sealed yet."
        )
