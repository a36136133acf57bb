"""What lies in the letters that are owed."""

import re

from apps.mail.models import Letter
from apps.tenants.context import in_tenant


def letters(tenant):
    """(address, subject, text) of each, oldest first."""
    with in_tenant(tenant):
        return [(one.address, one.subject, one.text) for one in Letter.objects.order_by("created_at")]


def links(tenant, page="password/reset|invitation"):
    """The paths in the mails that open without a session."""
    found = re.findall(
        rf"http://127\.0\.0\.1:8000(/\S+/(?:{page})/\S+)", "\n".join(map(str, letters(tenant)))
    )
    return [link.partition("\\n")[0] for link in found]
