"""A service provider's certificates (metadata 2.4.1.1). Takes its SPSSODescriptor, returns PEM."""

from django.utils.translation import gettext as _

from apps.saml.errors import MetadataRefused
from apps.saml.metadata_choices import MD, Element
from apps.saml.validation import Wrong, certificate_pem

DS = "{http://www.w3.org/2000/09/xmldsig#}"


def signing_certificates_of(role: Element) -> list[str]:
    """A KeyDescriptor without `use` is for both: leaving it out would switch checking off."""
    found: list[str] = []
    for descriptor in role.findall(f"{MD}KeyDescriptor"):
        if descriptor.get("use") == "encryption":
            continue
        found += _certificates(descriptor)
    return list(dict.fromkeys(found))


def _certificates(descriptor: Element) -> list[str]:
    found: list[str] = []
    for node in descriptor.iterfind(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"):
        try:
            found.append(certificate_pem(str(node.xpath("string()"))))
        except Wrong as wrong:
            raise MetadataRefused(_("A certificate in the file cannot be read. ") + str(wrong)) from wrong
    return found
