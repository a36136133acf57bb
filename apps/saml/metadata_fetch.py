"""One guarded GET of a service provider's metadata, never inside a transaction (apps/lib/http.py judges the address)."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.lib import http
from apps.saml.errors import MetadataRefused

ACCEPTED = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
LONGEST_SECONDS = 15.0
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Fetched:
    """`xml` is None where the address said that nothing has changed since `etag`."""

    xml: bytes | None
    etag: str


def fetch(url: str, *, etag: str = "") -> Fetched:
    """Raises MetadataRefused that names `url`."""
    return http.run(fetching(url, etag=etag))


async def fetching(url: str, *, etag: str = "") -> Fetched:
    headers = {"Accept": ACCEPTED} | ({"If-None-Match": etag} if etag else {})
    try:
        answer = await http.exchange(http.Request("GET", url, headers), timeout=LONGEST_SECONDS)
    except http.BadAnswer as error:
        if (
            etag and error.status == NOT_MODIFIED
        ):  # RFC 9110 15.4.5: no redirect, though it is counted among them
            return Fetched(None, etag)
        raise MetadataRefused(error.detail, field="url") from error
    except http.OutboundError as error:
        raise MetadataRefused(error.detail, field="url") from error
    if answer.status != 200:
        raise MetadataRefused(
            _("The address answered with status %(status)s instead of metadata.") % {"status": answer.status},
            field="url",
        )
    return Fetched(answer.body, _etag(answer.headers.get("ETag", "")))


def _etag(value: str) -> str:
    """RFC 9110 8.8.3, as far as it can be stored and sent back; "" otherwise."""
    return value if re.fullmatch(r'(W/)?"[\x21\x23-\x7e]{0,200}"', value) else ""
