"""What every address does: a token, the limits, one transaction for what writes, and a SCIM error for whatever is refused."""

from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django_scim import exceptions
from django_scim import views as stock
from pydantic import ValidationError
from scim2_models import SCIMException

from apps.directory.errors import DirectoryError
from apps.lib.scim.errors import BadRequest, NotFound, NotImplementedHere, ScimError, Uniqueness
from apps.lib.scim.messages import encode
from apps.lib.scim.schemas import CONTENT_TYPE
from apps.scim import bodies, throttle
from apps.scim.afterwards import note, remembered
from apps.scim.authentication import authenticate
from apps.scim.errors import as_scim_error
from apps.tenants.running import together

WRITING = {"POST", "PUT", "PATCH", "DELETE"}
TOO_LATE = (IntegrityError, exceptions.IntegrityError)  # django-scim2 has one of its own


def answer(document: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return HttpResponse(encode(document), status=status, content_type=CONTENT_TYPE)


def refusal(error: ScimError) -> HttpResponse:
    response = answer(error.to_document(), status=error.status)
    response.refused = error  # type: ignore[attr-defined]  # for apps.scim.afterwards
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="SCIM"'
    for name, value in error.headers.items():
        response[name] = value
    return response


class ScimView(stock.SCIMView):  # type: ignore[misc]
    """No query of the tenant's data before the token is known. CSRF: no cookie is ever looked at."""

    access = "scim_token"  # for the walk over every URL
    writes: ClassVar[bool] = True  # what is not read with GET is one transaction
    not_here = NotImplementedHere.default_detail

    @method_decorator(csrf_exempt)
    @remembered
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if not hasattr(
                request, "scim_source"
            ):  # else it is part of a bulk request, which brought the token
                request.scim_source = authenticate(request).source  # type: ignore[attr-defined]
                throttle.count(request.scim_source)  # type: ignore[attr-defined]
            if not self.implemented:
                raise NotImplementedHere(self.not_here)
            answered = self._written if self._is_writing(request) else self._answered
            response = answered(request, *args, **kwargs)
        except ScimError as error:
            return refusal(error)
        except exceptions.SCIMException as error:  # django-scim2's: an empty body, no operations
            return refusal(BadRequest(error.detail))
        except (SCIMException, ValidationError, DirectoryError) as error:
            return refusal(as_scim_error(error))
        except ObjectDoesNotExist:
            if not self._is_writing(request):
                raise
            return refusal(NotFound())  # somebody else deleted it meanwhile
        return response

    def _answered(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super(stock.SCIMView, self).dispatch(request, *args, **kwargs)
        if response.status_code < 400:
            self.finish(response)
        return response

    def _written(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """
        What is asked before something is written may be answered differently a moment later: the database then refuses, and everything is
        asked once more.
        """
        try:
            return self._in_transaction(request, *args, **kwargs)
        except TOO_LATE:
            self.begin_again()
        try:
            return self._in_transaction(request, *args, **kwargs)
        except TOO_LATE as error:
            raise Uniqueness(_("Already taken.")) from error

    def _in_transaction(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with together(), transaction.atomic():
            response = self._answered(request, *args, **kwargs)
            if response.status_code < 400:
                note(request, response)
        return response

    def begin_again(self) -> None:
        """Whatever the request has found out so far is forgotten."""

    def finish(self, response: HttpResponse) -> None:
        """Headers of an answer that is no refusal. Not in `dispatch`: overriding it would drop what is said there about CSRF."""
        if response.status_code == 204:
            del response["Content-Type"]

    def _is_writing(self, request: HttpRequest) -> bool:
        return self.writes and request.method in WRITING

    def load_body(self, _body: bytes) -> dict[str, Any]:
        """Names ignore case (RFC 7643 section 2.1); django-scim2 looks for this one as it is written in the RFC."""
        document = bodies.read_object(self.request)
        return {
            "Operations" if name.casefold() == "operations" else name: document[name] for name in document
        }
