"""One person's sign-in and launch: the product's own pages from form to form, and the signed response posted to the sandbox."""

from typing import Any
from urllib.parse import urlsplit

import lxml.html
from django.conf import settings
from django.test import Client

from apps.tenants.addresses import path_prefix
from apps.tenants.models import Tenant


class VisitError(Exception):
    """A page was not what the next step needs."""


def launch(tenant: Tenant, user: dict[str, str], slugs: tuple[str, ...]) -> None:
    """Raises VisitError when the sign-in or an application's answer is not a success."""
    client = Client(SERVER_NAME="127.0.0.1", SERVER_PORT=str(settings.PORT))
    if client.post(f"{path_prefix(tenant)}login/", user).status_code != 302:
        raise VisitError("the demo person could not sign in")
    for slug in slugs:
        page: Any = lxml.html.document_fromstring(client.get(f"{path_prefix(tenant)}launch/{slug}").content)
        form = next((form for form in page.forms if "SAMLResponse" in form.fields), None)
        if form is None:
            raise VisitError(f"launching {slug} gave no response")
        if client.post(urlsplit(form.action).path, dict(form.form_values())).status_code >= 400:
            raise VisitError(f"{slug} refused the response")
