"""Files of people that leave by the console: each is told in the log, a long one to whoever took it, too."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.notices import IN_SIGHT, administrator_to_mail
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.mail.enqueue import Message, post
from apps.tenants.addresses import tenant_url
from apps.tenants.context import current_tenant_id
from apps.tenants.models import Tenant


@transaction.atomic
def tell_of_export(
    number: int,
    *,
    actor: Actor,
    filters: dict[str, str],
    target: Target | None = None,
    application: Target | None = None,
) -> None:
    """Before the first line leaves. `filters` say which people; `target` is the run they are rows of."""
    record(
        EventType.USER_EXPORT,
        actor=actor,
        target=target or Target("users", "", "CSV"),
        application=application,
        details={"people": number, "filter": {name: value for name, value in filters.items() if value}},
    )
    if number > IN_SIGHT:
        post(lambda: _message(number), administrator_to_mail(actor.id))


def _message(number: int) -> Message:
    tenant = Tenant.objects.get(pk=current_tenant_id())
    return Message.of(
        "people_exported",
        _("%(number)s people were exported") % {"number": number},
        tenant=tenant,
        number=number,
        url=tenant_url(tenant, "launcher:security"),
    )
