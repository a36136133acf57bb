"""The key that a service provider reads encrypted assertions with (metadata 2.4.1.1). Takes its SPSSODescriptor, returns settings."""

from apps.saml.metadata_choices import MD
from apps.saml.metadata_document import Element
from apps.saml.models import EncryptionAlgorithm, OaepDigest
from apps.saml.validation import Wrong, encryption_certificate

DS = "{http://www.w3.org/2000/09/xmldsig#}"


def encryption_fields_of(role: Element) -> dict[str, str]:
    """Fields of SsoSettings, none where the file has no RSA key for encryption: what is there stays.

    A KeyDescriptor that says "encryption" goes before one that says nothing, which is for both. The switch is never touched.
    """
    usable = [node for node in role.findall(f"{MD}KeyDescriptor") if node.get("use") in {None, "encryption"}]
    for descriptor in sorted(usable, key=lambda node: node.get("use") is None):
        for node in descriptor.iterfind(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"):
            try:
                certificate = encryption_certificate(str(node.xpath("string()")).strip())
            except (
                Wrong
            ):  # an elliptic curve that also signs, or a key that is too short: not ours to encrypt for
                continue
            if certificate:
                return {"sp_encryption_certificate": certificate} | _methods(descriptor)
    return {}


def _methods(descriptor: Element) -> dict[str, str]:
    """The strongest of what is listed; a file that lists nothing that we write gets what everybody reads."""
    listed = descriptor.findall(f"{MD}EncryptionMethod")
    algorithms = {node.get("Algorithm") for node in listed}
    digests = {digest.get("Algorithm") for node in listed for digest in node.findall(f"{DS}DigestMethod")}
    only_128 = (
        EncryptionAlgorithm.AES128_GCM.uri in algorithms
        and EncryptionAlgorithm.AES256_GCM.uri not in algorithms
    )
    algorithm = EncryptionAlgorithm.AES128_GCM if only_128 else EncryptionAlgorithm.AES256_GCM
    digest = OaepDigest.SHA256 if OaepDigest.SHA256.uri in digests else OaepDigest.SHA1
    return {"encryption_algorithm": algorithm.value, "oaep_digest": digest.value}
