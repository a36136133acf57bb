"""The portal's own user name for somebody who comes from outside."""

from itertools import count

from django.db.models import Q

from apps.directory.models import User
from apps.directory.validators import fold
from apps.scim.lookups import signs_in

LONGEST = 150  # User.username


def free_username(wanted: str, *, besides: User | None = None) -> str:
    """`wanted`, or with the first number behind it that makes it nobody else's ("mia1", as GitLab does). An e-mail address counts
    as taken as well: people sign in with either, and a name that is somebody's address would lock both out."""
    if not signs_in(fold(wanted)):
        return wanted
    others = User.objects.exclude(pk=besides.pk) if besides else User.objects.all()
    if not others.named(wanted).exists():
        return wanted
    stem = fold(wanted)[: LONGEST - 8]
    similar = Q(username_key__startswith=stem) | Q(email_key__startswith=stem)
    taken = {key for pair in others.filter(similar).values_list("username_key", "email_key") for key in pair}
    numbered = (f"{wanted[: LONGEST - len(str(number))]}{number}" for number in count(1))
    return next(name for name in numbered if fold(name) not in taken)
