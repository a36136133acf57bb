"""Two readers of XML signatures that are not ours: signxml, and the xmlsec1 program where it is installed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from lxml import etree
from signxml.verifier import SignatureConfiguration, XMLVerifier

PROGRAM = shutil.which("xmlsec1")
DS = "{http://www.w3.org/2000/09/xmldsig#}"
# The program would load every authority that the system trusts first, and asks none of them.
ENVIRONMENT = os.environ | {"SSL_CERT_FILE": os.devnull}


def signed_elements(xml):
    """Every element that holds a signature of its own, outer ones first."""
    return [node.getparent() for node in etree.fromstring(xml).iter(f"{DS}Signature")]


def embedded_certificate(xml):
    found = next(etree.fromstring(xml).iter(f"{DS}X509Certificate"))
    return f"-----BEGIN CERTIFICATE-----\n{found.text}\n-----END CERTIFICATE-----\n"


def signxml_takes(xml, certificate):
    """Every signature, each over the element that holds it. Raises what signxml raises."""
    elements = signed_elements(xml)
    if not elements:
        raise ValueError("Nothing is signed.")
    for element in elements:
        path = element.getroottree().getelementpath(element)
        signature = "./" if path == "." else f"./{path}/"
        verified = XMLVerifier().verify(
            etree.fromstring(xml),
            x509_cert=certificate,
            id_attribute="ID",
            expect_config=SignatureConfiguration(location=signature, verification_time=_within(certificate)),
        )
        if verified.signed_xml.tag != element.tag or verified.signed_xml.get("ID") != element.get("ID"):
            raise ValueError("Another element than the one that holds it is signed.")


def _within(certificate):
    """A moment at which it is good: service providers pin a certificate, and tests move the clock."""
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_before_utc


def xmlsec1_takes(xml, certificate, elements=None):
    """Whether the program verifies each of `elements`, (tag, ID); without them, every one that holds a signature."""
    if elements is None:
        elements = [(node.tag, node.get("ID")) for node in signed_elements(xml)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "certificate.pem").write_text(certificate)
        Path(folder, "message.xml").write_bytes(xml)
        return bool(elements) and all(_verifies(folder, tag, name) for tag, name in elements)


def _verifies(folder, tag, name):
    command = [PROGRAM, "--verify", "--pubkey-cert-pem", "certificate.pem", "--id-attr:ID", tag.strip("{").replace("}", ":"),
               "--node-id", name, "message.xml"]  # fmt: skip
    run = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=False)
    return run.returncode == 0


def believed_by_others(xml):
    """By the certificate that came along; which one it is, is judged elsewhere."""
    if signed_elements(xml):  # an encrypted assertion's own signature is inside
        certificate = embedded_certificate(xml)
        signxml_takes(xml, certificate)
        assert PROGRAM is None or xmlsec1_takes(xml, certificate)
