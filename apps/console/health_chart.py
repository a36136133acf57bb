"""How one application's requests went over the last 24 hours."""

from datetime import UTC, timedelta
from typing import Any

from django.utils import timezone

from apps.console.charts import bars
from apps.provisioning import queries
from apps.provisioning.models import Integration


def chart_of(integration: Integration) -> dict[str, Any]:
    now = timezone.now().astimezone(UTC)
    chart = bars(queries.attempts_by_hour(integration, now - timedelta(hours=24)), now)
    succeeded, failed = sum(bar.succeeded for bar in chart), sum(bar.failed for bar in chart)
    return {"chart": chart, "succeeded": succeeded, "failed": failed, "chart_total": succeeded + failed}
