"""Who may see what, as decorators for pages and as questions for everything else."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.models import Administrator, Role
from apps.directory.models import User
from apps.events.actors import Actor

WRITERS = (Role.OWNER, Role.ADMINISTRATOR)
View = Callable[..., HttpResponse]


def client_ip(request: HttpRequest) -> str:
    """The peer's address. Forwarded headers are believed only through the server's own list of proxies."""
    return str(request.META.get("REMOTE_ADDR", ""))


def role_of(user: Any) -> str | None:
    """Without a query for whoever a session brought: the backend has read the role along with the person."""
    if not isinstance(user, User):
        return None
    if User.administrator.is_cached(user):
        known: Administrator | None = getattr(user, "administrator", None)
        return known.role if known else None
    role: str | None = Administrator.objects.filter(user=user).values_list("role", flat=True).first()
    return role


def may_administer(user: Any) -> bool:
    return role_of(user) in WRITERS


def may_grant(granter: str | None, role: str) -> bool:
    """Nobody gives, takes or takes over what they do not have: only owners make owners."""
    return granter == Role.OWNER or (granter == Role.ADMINISTRATOR and role != Role.OWNER)


def password_expired(user: User) -> bool:
    return user.password_expires_at is not None and user.password_expires_at <= timezone.now()


def may_sign_in(user: User) -> bool:
    return user.active and not password_expired(user)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person as the log will name them."""
    user = request.user
    if not isinstance(user, User):
        return Actor("person", "", "anonymous", client_ip(request), request.headers.get("User-Agent", ""))
    kind = "administrator" if role_of(user) else "person"
    return Actor(kind, str(user.pk), user.username, client_ip(request), request.headers.get("User-Agent", ""))


def actor_for(request: HttpRequest, user: User) -> Actor:
    """`user` before their session begins: they have just shown who they are."""
    return Actor(
        "person", str(user.pk), user.username, client_ip(request), request.headers.get("User-Agent", "")
    )


def administrator_required(view: View) -> View:
    """Anonymous people sign in first; people without a role get 403. Marks the view for the walk over every URL."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        role = role_of(request.user)
        writing = request.method not in {"GET", "HEAD", "OPTIONS"}
        if role is None or (writing and role not in WRITERS):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    guarded.access = "administrator"  # type: ignore[attr-defined]
    return guarded


def person_required(view: View) -> View:
    guarded = login_required(view)
    guarded.access = "person"  # type: ignore[attr-defined]
    return guarded


def public(view: View) -> View:
    """Says on purpose that anybody may open this page."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def finds_its_person(view: View) -> View:
    """The view learns by itself who is signed in (apps.accounts.claims): no middleware reads the person before it does."""
    view.finds_its_person = True  # type: ignore[attr-defined]
    return view


def template_context(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    return {
        "administrator_role": role_of(user) if user is not None and getattr(request, "tenant", None) else None
    }
