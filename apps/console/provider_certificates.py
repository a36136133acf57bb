"""The certificates an application may sign its requests with, as the SSO tab tells of them.

Their end is only told: like most, we compare the key and do not look at the date, so nothing stops on that day.
"""

import datetime as dt
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from apps.lib.crypto import fingerprint
from apps.saml.expiry import SOON
from apps.saml.models import SsoSettings


@dataclass(frozen=True, slots=True)
class ProviderCertificate:
    fingerprint: str  # SHA-256
    not_after: dt.datetime
    state: str  # of a chip


def provider_certificates(settings: SsoSettings) -> list[ProviderCertificate]:
    return [_read(x509.load_pem_x509_certificate(pem.encode())) for pem in settings.sp_certificates]


def _read(certificate: x509.Certificate) -> ProviderCertificate:
    left = certificate.not_valid_after_utc - timezone.now()
    state = "expired" if left <= dt.timedelta() else "paused" if left <= SOON else "active"
    digest = fingerprint(certificate.public_bytes(Encoding.DER), "sha256")
    return ProviderCertificate(digest, certificate.not_valid_after_utc, state)
