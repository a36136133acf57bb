"""What is shown of a service provider while somebody chooses among several: its entity ID, its name, its hosts."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
MDUI = "{urn:oasis:names:tc:SAML:metadata:ui}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
LONGEST_NAME = 120

Element = Any  # lxml.etree._Element


@dataclass(frozen=True, slots=True)
class Choice:
    """`name` is "" where the file gives none; `hosts` are those that its responses would go to, "" never among them."""

    entity_id: str
    name: str
    hosts: list[str]


def choice_of(entity: Element) -> Choice:
    services = entity.findall(f"{MD}SPSSODescriptor/{MD}AssertionConsumerService")
    hosts = [_host(service.get("Location", "")) for service in services]
    return Choice(
        str(entity.get("entityID", "")), display_name_of(entity), [*dict.fromkeys(filter(None, hosts))]
    )


def display_name_of(entity: Element) -> str:
    """What people call it: MDUI 2.1.2, else the organisation (metadata 2.3.2.1), else the service (2.4.4.1). English first."""
    for path in (
        f".//{MDUI}DisplayName",
        f"{MD}Organization/{MD}OrganizationDisplayName",
        f"{MD}Organization/{MD}OrganizationName",
        f".//{MD}ServiceName",
    ):
        nodes = sorted(entity.iterfind(path), key=lambda node: node.get(LANG) != "en")
        if nodes and (name := _plain(str(nodes[0].xpath("string()")))):
            return name
    return ""


def _plain(text: str) -> str:
    """One line that cannot turn the direction of what stands beside it."""
    words = " ".join(text.split())
    return "".join(character for character in words if character.isprintable())[:LONGEST_NAME]


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc[:253]
    except ValueError:
        return ""
