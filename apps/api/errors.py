"""Every refusal as a problem document (RFC 9457): type, title, status, detail, and `errors` with the fields' names.

DirectoryError and what derives from it says which fields and why; its place in this table says with which status.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import IntegrityError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from apps.directory.errors import DirectoryError, FieldsTaken, LastOwner
from apps.provisioning.errors import Outdated
from apps.saml.errors import CertificateRefused, MetadataChangeGone, SeveralServiceProviders, SsoUnavailable
from apps.webhooks.errors import Busy

CONTENT_TYPE = "application/problem+json"
CONFLICTS = (FieldsTaken, LastOwner, CertificateRefused, MetadataChangeGone, Outdated, Busy)
TYPES = {400: "urn:gatehouse:problem:invalid", 409: "urn:gatehouse:problem:conflict"}


class PayloadTooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "The body is larger than is accepted."


def problem(status: int, detail: str = "", errors: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """Without errors the type is about:blank: the status says it all (RFC 9457 section 4.2.1)."""
    document: dict[str, Any] = {
        "type": TYPES.get(status, "about:blank") if errors else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
    }
    document |= {"detail": detail} if detail else {}
    return document | ({"errors": errors} if errors else {})


def as_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The setting EXCEPTION_HANDLER. None for a mistake of ours: Django reports it and answers 500."""
    headers: dict[str, str] = {}
    match error:
        case SsoUnavailable():
            document = problem(404, _sentences(error.fields))
        case SeveralServiceProviders():
            choices = [asdict(choice) for choice in error.choices]
            document = problem(400, _sentences(error.fields), error.fields) | {"service_providers": choices}
        case DirectoryError():
            fields = {name if name != "__all__" else "": texts for name, texts in error.fields.items()}
            document = problem(409 if isinstance(error, CONFLICTS) else 400, _sentences(fields), fields)
        case Http404() | ObjectDoesNotExist():  # the second: somebody else deleted it meanwhile
            document = problem(404, "There is no such resource.")
        case PermissionDenied():
            document = problem(403)
        case IntegrityError():
            document = problem(409, "Somebody else changed this at the same moment. Read it again.")
        case exceptions.ValidationError():
            fields = dict(_fields(error.detail))
            document = problem(error.status_code, _sentences(fields), fields)
        case exceptions.APIException():
            document = problem(error.status_code, str(error.detail))
            headers = _headers(error)
        case _:
            return None
    return Response(document, status=document["status"], headers=headers, content_type=CONTENT_TYPE)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    challenge, wait = getattr(error, "auth_header", None), getattr(error, "wait", None)  # where DRF puts them
    headers = {"WWW-Authenticate": str(challenge)} if challenge else {}
    return headers | ({"Retry-After": str(int(wait) + 1)} if wait is not None else {})


def _fields(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """DRF's nested details with dotted names: {"acs_urls.0.url": [...]}. What is about no field is under ""."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _fields(inner, ".".join(filter(None, (path, own))))
    elif isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        for number, inner in enumerate(detail):
            if inner:
                yield from _fields(inner, f"{path}.{number}".strip("."))
    else:
        yield path, [str(each) for each in (detail if isinstance(detail, list) else [detail])]


def _sentences(fields: Mapping[str, list[str]]) -> str:
    return " ".join(
        f"{name}: {' '.join(texts)}" if name else " ".join(texts) for name, texts in fields.items()
    )
