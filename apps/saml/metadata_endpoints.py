"""Where a service provider wants its messages (metadata 2.2.2, 2.2.3). Takes its SPSSODescriptor."""

from typing import Any

from django.utils.translation import gettext as _

from apps.saml.errors import MetadataRefused
from apps.saml.locations import location_problem
from apps.saml.metadata_choices import MD, Element
from apps.saml.metadata_document import is_true
from apps.saml.models import LogoutBinding

HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def acs_urls_of(role: Element) -> list[dict[str, Any]]:
    """Only HTTP-POST: that is how we answer. Which one is the default: metadata 2.2.3."""
    services = [
        service
        for service in role.findall(f"{MD}AssertionConsumerService")
        if service.get("Binding") == HTTP_POST
    ]
    if not services:
        raise MetadataRefused(_("The service provider has no address that takes responses by HTTP-POST."))
    chosen = next((one for one in services if is_true(one.get("isDefault"))), None)
    if chosen is None:
        chosen = next((one for one in services if one.get("isDefault") is None), services[0])
    rows: dict[str, dict[str, Any]] = {}
    for service in services:
        url = str(service.get("Location", ""))
        if problem := location_problem(url):
            raise MetadataRefused(_("The file sends responses to “%(url)s”. ") % {"url": url[:200]} + problem)
        row = {"url": url, "index": _index(service), "is_default": service is chosen}
        if row["index"] in {other["index"] for other in rows.values()}:
            raise MetadataRefused(_("Two of the file's response addresses have the same index."))
        if url not in rows or service is chosen:
            rows[url] = row
    return list(rows.values())


def _index(service: Element) -> int:
    text = service.get("index", "")
    if not (text.isascii() and text.isdigit()) or int(text[:6]) > 65535:
        raise MetadataRefused(_("One of the file's response addresses has no index."))
    return int(text)


def single_logout_of(role: Element) -> dict[str, str]:
    """As SsoSettings keeps it; {} without an address for a binding of ours. Redirect first: it brings the application's cookies."""
    services = {service.get("Binding"): service for service in role.findall(f"{MD}SingleLogoutService")}
    for binding in LogoutBinding:
        if (service := services.get(binding.urn)) is None:
            continue
        url, response_url = str(service.get("Location", "")), str(service.get("ResponseLocation", ""))
        for each in filter(None, (url, response_url)):
            if problem := location_problem(each):
                raise MetadataRefused(
                    _("The file takes logout messages at “%(url)s”. ") % {"url": each[:200]} + problem
                )
        return {"slo_url": url, "slo_binding": binding.value, "slo_response_url": response_url} if url else {}
    return {}
