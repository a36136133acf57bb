"""Requests that wait for their person."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.saml.authn_request import AuthnRequest
from apps.saml.errors import RequestStale
from apps.saml.models import PendingSignIn

PENDING_LIFETIME = dt.timedelta(hours=1)  # time to find one's telephone; longer than a request stays fresh


def add_pending_sign_in(application: Application, request: AuthnRequest) -> PendingSignIn:
    """Raises RequestStale when this request was seen before. Forgets what nobody came back for."""
    old = timezone.now() - PENDING_LIFETIME
    with transaction.atomic():
        PendingSignIn.objects.filter(created_at__lt=old).delete()
        try:
            with transaction.atomic():
                pending: PendingSignIn = PendingSignIn.objects.create(
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
        except IntegrityError as error:
            raise RequestStale(
                _("This sign-in request was used before. Start again at the application.")
            ) from error
    return pending
