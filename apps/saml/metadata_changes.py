"""A change of the settings as people read it: field by field what stands there and what would."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.lib import language
from apps.saml.models import NameIdFormat, SsoSettings
from apps.saml.recording import CERTIFICATES


@dataclass(frozen=True, slots=True)
class Row:
    """`now` and `proposed` are lines: an address, a certificate, a word each."""

    field: str
    label: str
    now: list[str]
    proposed: list[str]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What goes, what stays, what comes: ("gone" | "same" | "new", line)."""
        gone = [("gone", line) for line in self.now if line not in self.proposed]
        same = [("same", line) for line in self.now if line in self.proposed]
        return [*same, *gone, *(("new", line) for line in self.proposed if line not in self.now)]

    def as_json(self) -> dict[str, Any]:
        return {"field": self.field, "label": self.label, "now": self.now, "proposed": self.proposed}


def rows_between(settings: SsoSettings, fields: dict[str, Any]) -> list[Row]:
    """Only what would differ."""
    changed = {field: value for field, value in fields.items() if getattr(settings, field) != value}
    return [
        Row(field, _label(field), _lines(field, getattr(settings, field)), _lines(field, value))
        for field, value in changed.items()
    ]


def digest_of_change(settings: SsoSettings, fields: dict[str, Any]) -> str:
    """Of every value before and after: what was looked at is what is accepted."""
    values = {field: [getattr(settings, field), value] for field, value in fields.items()}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _label(field: str) -> str:
    words = {
        "acs_urls": _("ACS URL"),
        "sp_certificates": _("SP certificates"),
    }
    if field in words:
        return words[field]
    column: Any = SsoSettings._meta.get_field(field)  # noqa: SLF001 - Django's documented Meta API
    text = str(column.verbose_name)
    return text[:1].upper() + text[1:]


def _lines(field: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [_("Yes") if value else _("No")]
    if field == "name_id_format":
        return [str(NameIdFormat(value).label)]
    values = value if isinstance(value, list) else [value]
    return [_line(field, each) for each in values if each not in ("", None)]


def _line(field: str, value: Any) -> str:
    if field in CERTIFICATES:
        return certificate_line(value)
    if isinstance(value, dict):
        return _with_marks(str(value.get("url", json.dumps(value, sort_keys=True))), value)
    return str(value)


def _with_marks(address: str, row: dict[str, Any]) -> str:
    if "index" not in row:
        return address
    text = (
        _("%(address)s (index %(index)s, default)")
        if row.get("is_default")
        else _("%(address)s (index %(index)s)")
    )
    return text % {"address": address, "index": row["index"]}


def certificate_line(pem: str) -> str:
    """ "CN=sp.example, valid 1 Jan 2026 to 1 Jan 2027, SHA-256 AB:CD…": enough to compare with what the application's administrator says."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    subject = "".join(each for each in certificate.subject.rfc4514_string() if each.isprintable())[:200]
    return _("%(subject)s, valid %(start)s to %(end)s, SHA-256 %(fingerprint)s") % {
        "subject": subject or _("no subject"),
        "start": _day(certificate.not_valid_before_utc),
        "end": _day(certificate.not_valid_after_utc),
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
    }


def _day(moment: Any) -> str:
    return language.day(timezone.localtime(moment))
