"""Looking at what would be said about somebody leaves a line in the log, and nothing else."""

from django.db import transaction

from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.saml.actions.settings import sso_of
from apps.saml.preview import Preview, preview_of


def preview_sign_in(user: User, application: Application, *, sp_initiated: bool, actor: Actor) -> Preview:
    """Raises SsoUnavailable for a bookmark."""
    settings = sso_of(application)
    with transaction.atomic():
        found = preview_of(user, settings, sp_initiated=sp_initiated)
        record(
            EventType.SSO_PREVIEW,
            actor=actor,
            target=Target.of("user", user),
            application=Target.of("application", application),
            details={"sp_initiated": sp_initiated, "problems": [problem.code for problem in found.problems]},
        )
    return found
