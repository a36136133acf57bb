"""Who may see what, as decorators for pages and as questions for everything else."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.destinations import page_of_the_form
from apps.accounts.models import Administrator, Role
from apps.directory.models import User
from apps.events.actors import Actor
from apps.tenants.prepared import PreparedQuery

Roles = tuple[str, ...]
ROLES: Roles = tuple(Role.values)
WRITERS: Roles = (Role.OWNER, Role.ADMINISTRATOR)
READERS: Roles = (*WRITERS, Role.READ_ONLY)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
View = Callable[..., HttpResponse]
_ROLE = PreparedQuery(lambda user: Administrator.objects.filter(user=user), user=UUID)


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
    found: Administrator | None = _ROLE.first(user=user.pk)
    return found.role if found else None


def may_grant(granter: str | None, role: str) -> bool:
    """Nobody gives, takes or takes over what they do not have: only owners make owners."""
    return granter == Role.OWNER or (granter == Role.ADMINISTRATOR and role != Role.OWNER)


def who_may_grant(role: str | None) -> Roles:
    return tuple(one for one in ROLES if role is None or may_grant(one, role))


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
    user_agent = request.headers.get("User-Agent", "")
    return Actor(kind, str(user.pk), user.username, client_ip(request), user_agent, auth_method="session")


def actor_for(request: HttpRequest, user: User) -> Actor:
    """`user` before their session begins: they have just shown who they are."""
    return Actor(
        "person", str(user.pk), user.username, client_ip(request), request.headers.get("User-Agent", "")
    )


class RoleMissing(PermissionDenied):
    """Nothing is wrong with the session: it takes one of `roles`. The page says so, and who has one (apps/accounts/errors.py)."""

    def __init__(self, roles: Iterable[str]) -> None:
        self.roles = tuple(roles)
        super().__init__("This takes another role.")


def sign_in_required(view: View) -> View:
    """Whoever is not signed in does that first, and comes back: to the page that they opened, or, since a form is not kept
    meanwhile, to the one that it stood on.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.method in SAFE_METHODS:
            return redirect_to_login(request.get_full_path())
        messages.warning(
            request, _("Nothing was done: you were not signed in any more. Sign in, then do it again.")
        )
        return redirect_to_login(page_of_the_form(request))

    return guarded


def _role_required(access: str, *, reading: Roles, writing: Roles) -> Callable[[View], View]:
    """Anonymous people sign in first; whoever lacks the role gets 403. `access` marks the view for the walk over every URL."""

    def guard(view: View) -> View:
        @sign_in_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            role = role_of(request.user)
            allowed = reading if request.method in SAFE_METHODS else writing
            if role not in allowed:
                raise RoleMissing(allowed)
            request.may_write = role in writing  # type: ignore[attr-defined]  # for the page's buttons
            return view(request, *args, **kwargs)

        guarded.access = access  # type: ignore[attr-defined]
        return guarded

    return guard


# Applications, groups, settings and keys: the help desk has no business there.
administrator_required = _role_required("administrator", reading=READERS, writing=WRITERS)
# People and their passwords: the help desk writes, too. Whom they may change is may_change().
help_desk_required = _role_required("help desk", reading=ROLES, writing=(*WRITERS, Role.HELP_DESK))
# Every role reads, the help desk as well; it writes nothing here.
any_role_required = _role_required("any role", reading=ROLES, writing=WRITERS)


def may_write(request: HttpRequest) -> bool:
    """Whether the page that is shown takes forms of whoever looks at it."""
    return getattr(request, "may_write", False)


def may_change(changer: str | None, user: User) -> bool:
    """Whoever sets an owner's password or e-mail address could become one. The help desk changes nobody who has a role."""
    role = role_of(user)
    return role is None or may_grant(changer, role)


def person_required(view: View) -> View:
    guarded = sign_in_required(view)
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
    role = role_of(user) if user is not None and getattr(request, "tenant", None) else None
    # What the menus offer: the console at all, and in it what the help desk does not open.
    return {"administrator_role": role, "may_administer": role in READERS}
