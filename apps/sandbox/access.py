"""The sandbox knows nothing of the product's accounts, so it says by itself who may open which page."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """Opened without a session: it tells nothing, or a signature protects it."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def token_required(view: View) -> View:
    """Marks a view that itself asks for a target's bearer token; it looks at no cookie."""
    view.access = "target_token"  # type: ignore[attr-defined]
    return view


def person_required(view: View) -> View:
    guarded = login_required(view)
    guarded.access = "person"  # type: ignore[attr-defined]
    return guarded
