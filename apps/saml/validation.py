"""What may be entered on the SSO tab. Each check takes what a form or the API brought and returns what is stored, or raises Wrong."""

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.applications.catalog.connector import UserField
from apps.directory.validators import validate_text
from apps.saml.errors import SsoInvalid
from apps.saml.locations import location_problem
from apps.saml.models import (
    BASIC,
    EncryptionAlgorithm,
    GroupsSent,
    LogoutBinding,
    NameIdFormat,
    OaepDigest,
    SignatureAlgorithm,
    SsoSettings,
)
from apps.saml.name_id_choice import NAME_ID_SOURCES, name_id_problem, refused_format, source_that_follows

SOURCES: tuple[str, ...] = get_args(UserField)
NAME_FORMATS = tuple(
    f"urn:oasis:names:tc:SAML:2.0:attrname-format:{kind}" for kind in ("basic", "uri", "unspecified")
)
MOST_ROWS = 50
SMALLEST_RSA_KEY = 2048  # bits


class Wrong(ValueError):
    """Holds the sentence for the field."""


def checked(settings: SsoSettings, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields as they are stored. Raises SsoInvalid that names every field that is wrong."""
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for field, value in given.items():
        try:
            check = CHECKS.get(field, _unknown)
            values[field] = check(value)
        except Wrong as wrong:
            errors[field] = [str(wrong)]
    if not errors:
        values |= source_that_follows(settings, values)
        errors = _together(settings, values)
    if errors:
        raise SsoInvalid(errors)
    return values


def _together(settings: SsoSettings, values: dict[str, Any]) -> dict[str, list[str]]:
    """What only shows when all fields are seen at once; also puts the connector's marks on its own attributes."""
    after = {field: values.get(field, getattr(settings, field)) for field in CHECKS}
    errors = name_id_problem(after)
    if not (after["sign_response"] or after["sign_assertion"]):
        errors["sign_assertion"] = [_("Sign the response, the assertion or both.")]
    if "name_id_format" in values and (
        reason := refused_format(settings.application.connector, values["name_id_format"])
    ):
        errors["name_id_format"] = [reason]
    if after["require_signed_requests"] and not after["sp_certificates"]:
        errors["require_signed_requests"] = [
            _("Add the certificate that the service provider signs with before signatures are required.")
        ]
    if after["encrypt_assertion"] and not after["sp_encryption_certificate"]:
        errors["encrypt_assertion"] = [
            _(
                "Add the certificate that the service provider reads encrypted assertions with before they are encrypted."
            )
        ]
    if after["include_groups"] and any(
        row["name"] == after["groups_attribute_name"] for row in after["attributes"] if row["enabled"]
    ):  # python3-saml and ruby-saml refuse a statement that has a name twice
        errors["groups_attribute_name"] = [_("There is an attribute of this name already.")]
    if "attributes" in values:
        required = {row.name for row in _connector_rows(settings) if row.required}
        for row in values["attributes"]:
            row["required"] = row["name"] in required
        if missing := required - {row["name"] for row in values["attributes"]}:
            errors["attributes"] = [
                _("The application expects the attribute %(name)s: switch it off instead of removing it.")
                % {"name": ", ".join(sorted(missing))}
            ]
    return errors


def _connector_rows(settings: SsoSettings) -> tuple[Any, ...]:
    saml = settings.application.connector.saml
    return saml.attributes if saml else ()


# --- one value each


def _unknown(_value: Any) -> Any:
    raise Wrong(_("This field does not exist."))


def _text(longest: int, *, empty: bool = True) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(_("Enter a text."))
        text = value.strip()
        if not text and not empty:
            raise Wrong(_("This field is required."))
        try:
            validate_text(text)  # lone surrogates too: before anything encodes them
        except ValidationError as error:
            raise Wrong(error.messages[0]) from error
        if len(text.encode()) > longest:
            raise Wrong(_("This is longer than %(count)s bytes.") % {"count": longest})
        return text

    return check


def _entity_id(value: Any) -> str:
    text = _text(1024)(value)
    if any(character.isspace() for character in text):
        raise Wrong(_("An entity ID has no spaces."))
    return text


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(_("Enter true or false."))
    return value


def _choice(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Wrong(_("Choose one of %(choices)s.") % {"choices": ", ".join(choices)})
        return value

    return check


def _location(value: Any) -> str:
    text = _text(2048)(value)
    if problem := location_problem(text):
        raise Wrong(problem)
    return text


def _login_url(value: Any) -> str:
    return _location(value) if value != "" else ""


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise Wrong(_("Enter a list."))
    if len(value) > MOST_ROWS:
        raise Wrong(_("Enter at most %(count)s rows.") % {"count": MOST_ROWS})
    return list(value)


def _row(value: Any, keys: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() - keys:
        raise Wrong(_("Each row may have %(keys)s.") % {"keys": ", ".join(sorted(keys))})
    return value


def _acs_urls(value: Any) -> list[dict[str, Any]]:
    """A row may be the address alone. Order is kept; exactly one row ends up as the default (metadata 2.2.3)."""
    rows: list[dict[str, Any]] = []
    for position, given in enumerate(_list(value)):
        row = {"url": given} if isinstance(given, str) else _row(given, {"url", "index", "is_default"})
        index = row.get("index", position)
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index <= 65535:
            raise Wrong(_("An index is a number from 0 to 65535."))
        rows.append(
            {
                "url": _location(row.get("url", "")),
                "index": index,
                "is_default": _switch(row.get("is_default", False)),
            }
        )
    if len({row["index"] for row in rows}) != len(rows):
        raise Wrong(_("Two addresses have the same index."))
    if len({row["url"] for row in rows}) != len(rows):
        raise Wrong(_("The same address stands here twice."))
    defaults = [row for row in rows if row["is_default"]]
    if len(defaults) > 1:
        raise Wrong(_("Only one address can be the default."))
    if rows and not defaults:
        rows[0]["is_default"] = True
    return rows


def _attributes(value: Any) -> list[dict[str, Any]]:
    rows = [_attribute(given) for given in _list(value)]
    names = [row["name"] for row in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Wrong(_("The attribute %(name)s stands here twice.") % {"name": ", ".join(sorted(twice))})
    return rows


def _attribute(value: Any) -> dict[str, Any]:
    row = _row(value, {"name", "name_format", "source", "constant", "enabled", "required"})
    name = _text(255, empty=False)(row.get("name", ""))
    source = row.get("source") or ""
    constant = _text(1024)(row.get("constant") or "")
    if source and constant:
        raise Wrong(_("The attribute %(name)s has a field and a constant: choose one.") % {"name": name})
    if not source and not constant:
        raise Wrong(_("The attribute %(name)s needs a field or a constant.") % {"name": name})
    return {
        "name": name,
        "name_format": _name_format(row.get("name_format", BASIC)),
        "source": _choice(*SOURCES)(source) if source else "",
        "constant": constant,
        "enabled": _switch(row.get("enabled", True)),
        "required": False,  # the connector says what is, not the caller
    }


def _name_format(value: Any) -> str:
    """The three of SAML core 8.2 by their last word, or any other URI as typed; nothing means basic."""
    short = {name.rpartition(":")[2]: name for name in NAME_FORMATS}
    text = _text(255)(value)
    if text and text not in short and not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", text):
        raise Wrong(_("A name format is basic, uri, unspecified or a URI."))
    return short.get(text, text) or BASIC


def _certificates(value: Any) -> list[str]:
    pems = [certificate_pem(one) for one in _list(value)]
    return list(dict.fromkeys(pems))


def certificate_pem(value: Any) -> str:
    """From PEM or the bare base64 of metadata. Raises Wrong."""
    text = "".join(value.split()) if isinstance(value, str) else ""
    bare = text.removeprefix("-----BEGINCERTIFICATE-----").removesuffix("-----ENDCERTIFICATE-----")
    pem = f"-----BEGIN CERTIFICATE-----\n{bare}\n-----END CERTIFICATE-----\n"
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise Wrong(_("This is not a certificate in PEM form.")) from error
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise Wrong(_("The certificate's key is neither RSA nor ECDSA."))
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def encryption_certificate(value: Any) -> str:
    """PEM with an RSA key, or "" for none. Raises Wrong."""
    if value == "":
        return ""
    pem = certificate_pem(value)
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SMALLEST_RSA_KEY:
        raise Wrong(_("The certificate for encryption needs an RSA key of 2048 bits or more."))
    return pem


CHECKS: dict[str, Callable[[Any], Any]] = {
    "sp_entity_id": _entity_id,
    "acs_urls": _acs_urls,
    "name_id_format": _choice(*NameIdFormat.values),
    "name_id_source": _choice(*NAME_ID_SOURCES),
    "sign_response": _switch,
    "sign_assertion": _switch,
    "signature_algorithm": _choice(*SignatureAlgorithm.values),
    "default_relay_state": _text(1024),
    "attributes": _attributes,
    "include_groups": _switch,
    "groups_attribute_name": _text(255, empty=False),
    "groups_name_format": _name_format,
    "groups_sent": _choice(*GroupsSent.values),
    "sp_certificates": _certificates,
    "require_signed_requests": _switch,
    "encrypt_assertion": _switch,
    "sp_encryption_certificate": encryption_certificate,
    "encryption_algorithm": _choice(*EncryptionAlgorithm.values),
    "oaep_digest": _choice(*OaepDigest.values),
    "login_url": _login_url,
    "idp_initiated": _switch,
    "slo_url": _login_url,
    "slo_binding": _choice(*LogoutBinding.values),
    "slo_response_url": _login_url,
}
