"""A mail that an administrator sends to themselves, to see that mail goes out."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.notices import recipient
from apps.directory.models import User
from apps.mail.enqueue import Message, post


@transaction.atomic
def send_trial_mail(user: User) -> bool:
    """False where they have no address. Whether it went out is an event of the worker that sends it."""
    tenant = user.tenant

    def message() -> Message:
        return Message.of("trial", _("Mail from Gatehouse arrives"), tenant=tenant, person=user)

    return bool(post(message, [recipient(user)]))
