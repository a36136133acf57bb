import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from apps.events.chain import seal_all_of_them
from apps.events.checkpoints import as_document, make_checkpoint
from apps.tenants.commands import TenantCommand
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant


class Command(TenantCommand):
    help = "Seals every event so far and signs a checkpoint of each tenant's log: a line of JSON to be kept elsewhere, which “verifyevents --checkpoint” holds against the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="Slug of one tenant; without it, of all.")

    def handle(self, *, tenant: str | None, **_: Any) -> None:
        tenants = Tenant.objects.filter(slug=tenant) if tenant else Tenant.objects.order_by("slug")
        if tenant and not tenants:
            raise CommandError(f"There is no tenant {tenant}.")
        for each in tenants:
            with in_tenant(each):
                seal_all_of_them()
                checkpoint = make_checkpoint()
            if checkpoint is not None:
                self.stdout.write(json.dumps(as_document(checkpoint), sort_keys=True))
