"""Asks an application, reading only, whether address and token are right. Never inside a transaction."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from apps.lib import http
from apps.provisioning import capabilities
from apps.provisioning.capabilities import Capabilities
from apps.provisioning.client import ScimClient
from apps.provisioning.errors import CredentialsRefused, Rejected, TargetError
from apps.provisioning.wire import Step, Target


@dataclass(frozen=True)
class Verification:
    """`step` is the request that was made, None when there was none."""

    step: Step | None
    error: TargetError | None = None

    @property
    def line(self) -> str:
        """ "GET /Users?… → 200 in 212 ms", for the page."""
        if self.step is None:
            return ""
        answered = self.step.status or "no answer"  # kept: English, as the log
        return f"{self.step.method} {self.step.path} → {answered} in {self.step.seconds * 1000:.0f} ms"[:255]

    @property
    def fields(self) -> dict[str, list[str]]:
        """For the form: which of the two boxes is to blame, with the application's own words."""
        if self.error is None:
            return {}
        if isinstance(self.error, CredentialsRefused):
            text = _("The application refused this token: %(words)s") % {"words": self.said}
            return {"token": [text]}
        return {"base_url": [_("This address did not answer as SCIM: %(words)s") % {"words": self.said}]}

    @property
    def said(self) -> str:
        if self.error is None:
            return ""
        headline, detail = self.error.headline, self.error.detail
        return detail if headline and detail.startswith(headline) else f"{headline} {detail}".strip()


def verify(target: Target) -> Verification:
    client = ScimClient(target)
    try:
        http.run(client.verify())
    except TargetError as error:
        return Verification(client.steps[-1] if client.steps else None, error)
    return Verification(client.steps[-1])


def verify_with_capabilities(target: Target) -> tuple[Verification, Capabilities]:
    """Whoever refuses the filter may have said that it has none: then it is asked without."""
    verification = verify(target)
    if verification.error is not None and not isinstance(verification.error, Rejected):
        return verification, {}
    told = _capabilities(target)
    dialect = capabilities.heeded(target.dialect, told)
    if verification.error is not None and dialect is not target.dialect:
        verification = verify(replace(target, dialect=dialect))
    return verification, told


def _capabilities(target: Target) -> Capabilities:
    """{} where it publishes nothing: discovery may be missing, and nothing depends on it."""
    if not target.dialect.publishes_config:
        return {}
    try:
        return capabilities.read(http.run(ScimClient(target).service_provider_config()))
    except TargetError:
        return {}
