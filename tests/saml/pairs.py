"""Certificates and keys as a company's own tools make them."""

import datetime as dt
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
PKCS1, PKCS8 = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8


@cache
def rsa_key(size=2048, number=0, exponent=65537):
    """The same arguments give the same key: making one takes longer than most tests."""
    return rsa.generate_private_key(exponent, size)


@cache
def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def certificate(key, *, begins=NOW - DAY, ends=NOW + 400 * DAY, digest=None, name="sso.acme.example"):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = (
        builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
    )
    return builder.sign(key, digest or hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def private(key, form=PKCS8, passphrase=""):
    how = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, form, how).decode()
