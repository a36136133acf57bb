"""What the sandbox fetches from outside: metadata, through the guarded client."""

from django.utils.translation import gettext as _

from apps.lib import http
from apps.sandbox.errors import MetadataRefused


def fetch_metadata(url: str) -> str:
    """Raises MetadataRefused, with a sentence that says why."""
    try:
        answer = http.send(http.Request("GET", url, headers={"Accept": "application/samlmetadata+xml, */*"}))
    except http.OutboundError as error:
        raise MetadataRefused(error.detail) from None
    if answer.status != 200:
        raise MetadataRefused(_("The address answered with status %(status)s.") % {"status": answer.status})
    return answer.text
