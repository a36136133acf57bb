from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from apps.events.archiving.files import verify_archive
from apps.events.checkpoints import copies_of, read_documents
from apps.events.verification import Verification, verify
from apps.tenants.commands import TenantCommand
from apps.tenants.context import in_tenant
from apps.tenants.models import Tenant

SHOWN = 20  # faults of one tenant


class Command(TenantCommand):
    help = "Verifies the hash chain of each tenant's event log, its signed checkpoints and its archives. Fails when something was changed, removed or slipped in, and names the first place."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="Slug of one tenant; without it, all are verified.")
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="Checkpoints kept outside the database: lines of JSON, as the server's log has them. May be given several times. Those of this machine's own workers are read anyway.",
        )
        parser.add_argument(
            "--archive",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="Verifies this archived segment instead of the database's log. May be given several times.",
        )
        parser.add_argument(
            "--key",
            action="append",
            default=[],
            help="A public key of before, in hexadecimal, that may have signed an archive.",
        )

    def handle(self, *, tenant: str | None, **options: Any) -> None:
        if options["archive"]:
            self._archives(options["archive"], options["key"])
            return
        slugs = Tenant.objects.filter(slug=tenant) if tenant else Tenant.objects.order_by("slug")
        if tenant and not slugs:
            raise CommandError(f"There is no tenant {tenant}.")
        elsewhere = self._read(options["checkpoint"])
        broken = sum(not self._verify(each, elsewhere) for each in slugs)
        if broken:
            raise CommandError(f"{broken} of {len(slugs)} logs are not what was written.")

    def _archives(self, paths: list[Path], keys: list[str]) -> None:
        broken = 0
        for path in paths:
            try:
                count, faults = verify_archive(path, keys)
            except OSError as error:
                raise CommandError(f"The file cannot be read: {error}") from error
            self.stdout.write(f"{path.name}: {count} events" + (", intact" if not faults else ""))
            for words in faults:
                self.stderr.write(f"  {words}")
            broken += bool(faults)
        if broken:
            raise CommandError(f"{broken} of {len(paths)} archives are not what was written.")

    def _read(self, paths: list[Path]) -> list[dict[str, Any]]:
        try:
            documents = [document for path in paths for document in read_documents(path)]
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}") from error
        if paths and not documents:
            raise CommandError("There is no checkpoint in the file.")
        return documents

    def _verify(self, tenant: Tenant, elsewhere: list[dict[str, Any]]) -> bool:
        copies = copies_of(tenant.pk)
        kept = [*read_documents(copies)] if copies.exists() else []
        with in_tenant(tenant):
            result = verify([*elsewhere, *kept])
        self.stdout.write(f"{tenant.slug}: {self._numbers(result)}" + ("" if result.faults else ", intact"))
        for fault in result.faults[:SHOWN]:
            self.stderr.write(f"  {fault}")
        if len(result.faults) > SHOWN:
            self.stderr.write(f"  and {len(result.faults) - SHOWN} more")
        return not result.faults

    def _numbers(self, result: Verification) -> str:
        archived = f", archived up to {result.archived}" if result.archived else ""
        return f"{result.sealed} events sealed, {result.unsealed} not yet, {result.checkpoints} checkpoints{archived}"
