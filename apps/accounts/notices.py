"""To whom the portal writes when something needs an administrator."""

from apps.accounts.access import WRITERS
from apps.accounts.models import Administrator
from apps.directory.models import User
from apps.mail.enqueue import Recipient

IN_SIGHT = 100  # rows of a run that are waited for on its page; of more, a mail tells


def administrators_to_mail() -> list[Recipient]:
    """Active people who may do something about it, oldest role first."""
    administrators = Administrator.objects.filter(role__in=WRITERS, user__active=True).select_related("user")
    return [recipient(each.user) for each in administrators if each.user.email]


def administrator_to_mail(person_id: str) -> list[Recipient]:
    """That one of them, or nobody: a program, or somebody who is none any more."""
    return [each for each in administrators_to_mail() if each.id == person_id]


def recipient(user: User) -> Recipient:
    return Recipient(str(user.pk), user.username, user.email, user.language)
