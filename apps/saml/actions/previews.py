"""Looking at what would be said about somebody leaves a line in the log, and nothing else."""

from django.db import transaction

from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.saml.actions.settings import sso_of
from apps.saml.models import KeyPair
from apps.saml.preview import Preview, preview_of
from apps.saml.sign_on_rows import settings_as_they_stand


def preview_sign_in(user: User, application: Application, *, sp_initiated: bool, actor: Actor) -> Preview:
    """Raises SsoUnavailable for a bookmark."""
    settings = settings_as_they_stand(application)
    if settings is None:
        settings = sso_of(application)  # the first sight makes a key pair
        settings.signing_pair = KeyPair.objects.get(application=application, state=KeyPair.State.ACTIVE)
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
