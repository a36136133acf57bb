"""Requests that wait for their person."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.saml.authn_request import AuthnRequest
from apps.saml.errors import RequestStale
from apps.saml.models import PendingSignIn
from apps.tenants.prepared import insert


def pending_sign_in(application: Application, request: AuthnRequest) -> PendingSignIn:
    """Not stored yet: a request that is answered at once is stored in the transaction that answers it (apps.saml.issuing)."""
    return PendingSignIn(
        application=application,
        request_id=request.id,
        acs_url=request.acs_url,
        relay_state=request.relay_state,
        force_authn=request.force_authn,
        is_passive=request.is_passive,
        authn_context=request.demands.authn_context,
        subject_name_id=request.demands.name_id,
        subject_format=request.demands.name_id_format,
    )


def add_pending_sign_in(pending: PendingSignIn) -> None:
    """For a request that waits. Raises RequestStale when it was seen before."""
    with transaction.atomic():
        store_pending_sign_in(pending)


def store_pending_sign_in(pending: PendingSignIn) -> None:
    """The unique row is the replay guard. Raises RequestStale, and then the transaction that is open has to end."""
    try:
        insert(pending)
    except IntegrityError as error:
        raise RequestStale(
            _("This sign-in request was used before. Start again at the application.")
        ) from error
