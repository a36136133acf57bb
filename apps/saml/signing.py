"""
Signatures in this process (docs/decisions/0005-in-process-signing.md): pysaml2 writes the template, python-xmlsec fills it in.
No program is started, no key touches a disk, nothing is shared between tenants, requests or threads.
"""

import importlib.metadata
from typing import Any

import xmlsec
from lxml import etree
from saml2 import class_name
from saml2.sigver import CryptoBackend, SigverError, pre_signature_part

from apps.saml.models import KeyPair, SignatureAlgorithm
from apps.saml.wire import serialised

DS = "{http://www.w3.org/2000/09/xmldsig#}"


class InProcessBackend(CryptoBackend):
    """One key, one message. It only signs: requests are verified by apps.lib.xml.verify, so the rest stays unimplemented."""

    def __init__(self, private_key: str) -> None:
        super().__init__()
        # PEM from memory: 0.04 ms, so caching keys would win nothing
        self._key = xmlsec.Key.from_memory(private_key, xmlsec.constants.KeyDataFormatPem)

    @property
    def version(self) -> str:
        return importlib.metadata.version("xmlsec")

    def sign_statement(self, statement: Any, node_name: str, key_file: Any, node_id: str) -> str:
        """`statement` has a Signature template in the element whose ID is `node_id`; `key_file` is for other backends."""
        text = statement if isinstance(statement, bytes) else str(statement).encode()
        root = etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True))
        namespace, _colon, name = node_name.rpartition(":")
        signed = [node for node in root.iter(f"{{{namespace}}}{name}") if node.get("ID") == node_id]
        if len(signed) != 1:
            raise SigverError(f"There is not exactly one {name} with this ID.")
        context = xmlsec.SignatureContext()
        context.key = self._key
        context.register_id(signed[0], "ID")
        template = signed[0].find(f"{DS}Signature")
        if template is None:
            raise SigverError("There is no Signature template.")
        context.sign(template)
        return str(etree.tostring(root, encoding="unicode"))


def signed(message: Any, parts: list[Any], *, key_pair: KeyPair, algorithm: SignatureAlgorithm) -> bytes:
    """`message` with each of `parts` signed; give inner parts first, since outer signatures cover inner ones.

    Raises apps.lib.errors.SecretError when the key cannot be unsealed.
    """
    for part in parts:
        part.signature = pre_signature_part(
            part.id,
            public_key=key_pair.der_base64,
            sign_alg=algorithm.signature_uri,
            digest_alg=algorithm.digest_uri,
        )
    statement: Any = serialised(message)
    backend = InProcessBackend(key_pair.private_key)
    for part in parts:
        statement = backend.sign_statement(statement, class_name(part), None, part.id)
    return statement if isinstance(statement, bytes) else str(statement).encode()
