"""
The weekly digest: on Monday morning each organisation's administrators are told what the week before was, and what waits for them.

Which Monday was the last stands in the row, set by one conditional UPDATE, so of two workers one writes. A week in which nothing happened and
after which nothing waits is not written about.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.notices import administrators_to_mail
from apps.insights.models import Digest
from apps.insights.week import Line, what_happened, what_waits
from apps.lib.language import day
from apps.lib.places import zone
from apps.mail.enqueue import Message, post
from apps.tenants.addresses import tenant_url
from apps.tenants.context import every_tenant
from apps.tenants.models import Tenant

HOUR = 7  # on Monday, where the organisation is


def digest_wanted() -> bool:
    """Of the organisation in context; so it is until somebody says otherwise."""
    return not Digest.objects.filter(enabled=False).exists()


def due_tenant_ids(now: dt.datetime) -> list[str]:
    """Across tenants, for beat alone: all where Monday morning was, and whose last digest was not this week's."""
    with every_tenant():
        rows = Digest.unscoped.order_by().values_list("tenant_id", "enabled", "last_week")
        known = {tenant_id: (enabled, last) for tenant_id, enabled, last in rows}
        return sorted(
            str(tenant.pk)
            for tenant in Tenant.objects.filter(active=True)
            if _is_due(tenant, *known.get(tenant.pk, (True, None)), now)
        )


def _is_due(tenant: Tenant, enabled: bool, last: dt.date | None, now: dt.datetime) -> bool:
    monday = _monday(tenant, now)
    return enabled and (last is None or last < monday) and now >= _at(tenant, monday, HOUR)


@transaction.atomic
def write(now: dt.datetime) -> int:
    """In the tenant in context; returns how many letters are owed for it. Safe to run twice."""
    digest, _created = Digest.objects.select_related("tenant").get_or_create()
    tenant: Tenant = digest.tenant
    monday = _monday(tenant, now)
    if not _is_due(tenant, digest.enabled, digest.last_week, now):
        return 0
    due = Digest.objects.filter(Q(last_week=None) | Q(last_week__lt=monday), pk=digest.pk)
    if not due.update(last_week=monday):
        return 0
    since, until = last_week(tenant, now)
    happened, waiting = what_happened(since, until), what_waits(since)
    if not happened and not waiting:
        return 0
    return post(lambda: _message(tenant, since, until, happened, waiting), administrators_to_mail())


def _message(
    tenant: Tenant, since: dt.datetime, until: dt.datetime, happened: list[Line], waiting: list[Line]
) -> Message:
    """In the reader's language: put together once for each."""
    return Message.of(
        "digest",
        _("%(organisation)s: your week") % {"organisation": tenant.name},
        tenant=tenant,
        first=day(since, "j M Y"),
        last=day(until - dt.timedelta(days=1), "j M Y"),
        happened=[_linked(tenant, line) for line in happened],
        waiting=[_linked(tenant, line) for line in waiting],
        url=tenant_url(tenant, "console:mail"),
    )


def _linked(tenant: Tenant, line: Line) -> tuple[str, str]:
    return line.text, tenant_url(tenant, line.page) + line.query


def last_week(tenant: Tenant, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """From the Monday before to the last one, midnight where the organisation is."""
    monday = _monday(tenant, now)
    return _at(tenant, monday - dt.timedelta(days=7)), _at(tenant, monday)


def _monday(tenant: Tenant, now: dt.datetime) -> dt.date:
    today = now.astimezone(_zone(tenant)).date()
    return today - dt.timedelta(days=today.weekday())


def _at(tenant: Tenant, day: dt.date, hour: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), _zone(tenant))


def _zone(tenant: Tenant) -> dt.tzinfo:
    return zone(tenant.timezone) or timezone.get_default_timezone()
