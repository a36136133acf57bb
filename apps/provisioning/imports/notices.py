"""The mail at the end of an import that nobody could wait for."""

from django.utils.translation import gettext as _

from apps.accounts.notices import administrators_to_mail
from apps.events.actors import Target
from apps.mail.enqueue import Message, post
from apps.provisioning.models import Import, Integration
from apps.tenants.addresses import tenant_url

IN_SIGHT = 100  # as many as are waited for on the page; of more, a mail tells


def tell_of_the_end(run: Import, integration: Integration) -> None:
    """To whoever chose them, or to all administrators when that was a program, or somebody who is none any more."""
    if run.selected <= IN_SIGHT:
        return
    everybody = administrators_to_mail()
    chooser = [each for each in everybody if each.id == run.actor_id]
    post(
        lambda: _message(run, integration),
        chooser or everybody,
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
