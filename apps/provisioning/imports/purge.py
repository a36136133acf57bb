"""Rows of earlier looks at the same application: only the newest is chosen from."""

from apps.provisioning.models import Import, ImportRow

CHUNK = 5000


def forget_older(run: Import) -> None:
    """Some of them at a time: a million rows are not deleted in one transaction."""
    older = Import.objects.filter(integration_id=run.integration_id, created_at__lt=run.created_at)
    rows = ImportRow.objects.filter(run__in=older).order_by().values("pk")
    ImportRow.objects.filter(pk__in=rows[:CHUNK]).delete()
