"""The mail at the end of a run that nobody could wait for."""

from django.utils.translation import gettext as _

from apps.accounts.models import PeopleRun
from apps.accounts.notices import IN_SIGHT, administrator_to_mail
from apps.mail.enqueue import Message, post
from apps.tenants.addresses import tenant_url


def tell_of_the_end(run: PeopleRun) -> None:
    """To whoever started it."""
    if run.total > IN_SIGHT:
        run.refresh_from_db()  # its numbers were counted in the database
        post(lambda: _message(run), administrator_to_mail(run.actor_id))


def _message(run: PeopleRun) -> Message:
    return Message.of(
        "people_run_finished",
        _("%(act)s: done for %(count)s of %(total)s people")
        % {"act": run, "count": run.done, "total": run.total},
        tenant=run.tenant,
        run=run,
        url=tenant_url(run.tenant, "console:people_run", pk=run.pk),
    )
