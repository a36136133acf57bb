"""Who a session says is signed in, for code that reads the person itself: under a lock, in the transaction that decides about them."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from apps.accounts.access import may_sign_in
from apps.accounts.second_factors import is_judged
from apps.directory.models import User


@dataclass(frozen=True, slots=True)
class Claim:
    """Believed only once the person's row bears it out."""

    user_id: UUID
    session_hash: str

    def is_true_of(self, person: User) -> bool:
        """As django.contrib.auth.get_user and TenantBackend.get_user judge together; they end a session that is not good any more."""
        return (
            person.pk == self.user_id
            and may_sign_in(person)
            and constant_time_compare(self.session_hash, person.get_session_auth_hash())
        )


def claim_of(request: HttpRequest) -> Claim | None:
    """None when the session names nobody, or has to be judged first by whom a second factor is required of: a page does that."""
    session = request.session
    if not is_judged(request):
        return None
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    try:
        return Claim(UUID(str(session[SESSION_KEY])), str(session[HASH_SESSION_KEY]))
    except (KeyError, ValueError):
        return None


def is_found(request: HttpRequest, person: User) -> None:
    """From here on `request.user` is `person`, whose row has borne the claim out; nobody reads them again."""
    request.user = request._cached_user = person  # type: ignore[attr-defined]  # noqa: SLF001 - as auth's own middleware keeps it
