"""Which addresses of a service provider we send people and assertions to."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from apps.lib.addresses import permit
from apps.lib.errors import TargetRefused

LONGEST = 2048


def location_problem(url: str) -> str:
    """A sentence that says why this address is not taken, or "".

    The browser goes there, not we: an https address inside the company is as good as any. Plain http would show the
    assertion to everybody on the way, so only a loopback host that the operator named (OUTBOUND_ALLOW) may have it.
    """
    # RFC 3986 without the fragment: no space, quote, <>, \ ^ ` {|}, control or non-ASCII character
    if len(url) > LONGEST or not re.fullmatch(r"[!$-;=?-\[\]_a-zA-Z~]+", url):
        return _("The address is too long or has a character that an address cannot have.")
    try:
        split = urlsplit(url)
        host, _port = split.hostname, split.port
    except ValueError:
        return _("The address cannot be read.")
    if split.scheme not in {"https", "http"}:
        return _("The address has to begin with https://.")
    if not host or "@" in split.netloc:
        return _("The address needs a host, without a username or password.")
    if split.scheme == "http" and not _allowed_loopback(url, host):
        return _(
            "The address has to begin with https://. Plain http is for loopback hosts that the operator allows."
        )
    return ""


def _allowed_loopback(url: str, host: str) -> bool:
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
        permit(url.lower())
    except (ValueError, TargetRefused):
        return False
    return loopback
