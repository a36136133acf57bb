"""The mail at the end of an import that nobody could wait for."""

from django.utils.translation import gettext as _

from apps.accounts.notices import IN_SIGHT, administrator_to_mail, administrators_to_mail
from apps.events.actors import Target
from apps.mail.enqueue import Message, post
from apps.provisioning.models import Import, Integration
from apps.tenants.addresses import tenant_url


def tell_of_the_end(run: Import, integration: Integration) -> None:
    """To whoever chose them, or to all administrators when that was a program, or somebody who is none any more."""
    if run.selected <= IN_SIGHT:
        return
    post(
        lambda: _message(run, integration),
        administrator_to_mail(run.actor_id) or administrators_to_mail(),
        application=Target.of("application", integration.application),
    )


def _message(run: Import, integration: Integration) -> Message:
    application = integration.application
    return Message.of(
        "import_finished",
        _("Import from %(name)s: %(count)s of %(selected)s accounts are in")
        % {"name": application, "count": run.created + run.linked, "selected": run.selected},
        application=application,
        tenant=integration.tenant,
        run=run,
        url=tenant_url(integration.tenant, "console:application_import", pk=application.pk, import_pk=run.pk)
        + "?show=selected",
    )
