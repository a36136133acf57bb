"""A Django site with djangosaml2's own views; pysaml2 and the xmlsec1 program check what arrives."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from djangosaml2 import views
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import SPConfig
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

BINDINGS = {"post": BINDING_HTTP_POST, "redirect": BINDING_HTTP_REDIRECT}
STATE: dict[str, Any] = {}  # base, folder and wanted


def configuration(_request: HttpRequest | None = None) -> SPConfig:
    wanted, base, folder = STATE["wanted"], STATE["base"], STATE["folder"]
    service = {
        "name": "A Django site",
        "endpoints": {
            "assertion_consumer_service": [(f"{base}/acs", BINDING_HTTP_POST)],
            "single_logout_service": [
                (f"{base}/slo", BINDING_HTTP_REDIRECT),
                (f"{base}/slo", BINDING_HTTP_POST),
            ],
        },
        "name_id_format": [wanted["name_id_format"]],
        "name_id_policy_format": wanted["name_id_format"],
        "authn_requests_signed": wanted["sign_requests"],
        "logout_requests_signed": True,
        "logout_responses_signed": True,  # off by default, and then nobody believes them
        "want_response_signed": wanted["want_response_signed"],
        "want_assertions_signed": wanted["want_assertion_signed"],
        "signing_algorithm": SIG_RSA_SHA256,
        "digest_algorithm": DIGEST_SHA256,
        "force_authn": wanted["force_authn"],
        "allow_unsolicited": True,
    }
    if wanted["authn_context"]:
        service["requested_authn_context"] = {"authn_context_class_ref": [wanted["authn_context"]]}
    keys = {"key_file": str(folder / "key.pem"), "cert_file": str(folder / "certificate.pem")}
    config = SPConfig()
    config.load(
        {
            "entityid": f"{base}/metadata",
            "service": {"sp": service},
            "metadata": {"inline": [wanted["idp_metadata"]]},
            "allow_unknown_attributes": True,
            "delete_tmpfiles": True,
            **keys,
            **({"encryption_keypairs": [keys]} if wanted["encrypted"] else {}),
        }
    )
    return config


class Login(views.LoginView):
    def should_prevent_auth(self, request: HttpRequest) -> bool:
        return False  # each visit begins anew, as after a timeout

    def load_sso_kwargs(self, sso_kwargs: dict[str, Any]) -> None:
        if STATE["wanted"]["is_passive"]:
            sso_kwargs["is_passive"] = "true"


class Accept(views.AssertionConsumerServiceView):
    def post_login_hook(self, request: HttpRequest, user: Any, session_info: dict[str, Any]) -> None:
        request.session["person"] = {
            "name_id": session_info["name_id"].text,
            "format": session_info["name_id"].format,
            "attributes": session_info["ava"],
            "in_response_to": session_info.get("came_from") and "a request of this browser",
            "relay_state": request.POST.get("RelayState"),
        }

    def custom_redirect(self, user: Any, relay_state: str, session_info: dict[str, Any]) -> str:
        return "/home"


def home(request: HttpRequest) -> HttpResponse:
    return JsonResponse(request.session["person"])


def refused(_request: HttpRequest, exception: Exception, status: int = 403, **_: Any) -> HttpResponse:
    return JsonResponse({"error": f"{type(exception).__name__}: {exception}"}, status=status)


def who(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"who": request.user.get_username() or None})


def logged_out(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"logged_out": True})


@csrf_exempt
def configure(request: HttpRequest) -> HttpResponse:
    STATE["wanted"] = wanted = json.loads(request.body)
    settings.SAML_DEFAULT_BINDING = BINDINGS[wanted["binding"]]
    for name, content in (("key", wanted["key"]), ("certificate", wanted["certificate"])):
        (STATE["folder"] / f"{name}.pem").write_text(content)
    store = configuration().metadata
    (entity_id,) = store.with_descriptor("idpsso")
    return JsonResponse(
        {
            "entity_id": entity_id,
            "redirect": store.single_sign_on_service(entity_id, BINDING_HTTP_REDIRECT)[0]["location"],
            "post": store.single_sign_on_service(entity_id, BINDING_HTTP_POST)[0]["location"],
            "certificates": len(store.certs(entity_id, "idpsso", "signing")),
        }
    )


urlpatterns = [
    path("configure", configure),
    path("metadata", views.MetadataView.as_view()),
    path("login", Login.as_view()),
    path("acs", Accept.as_view()),
    path("home", home),
    path("who", who),
    path("logged-out", logged_out),
    path("logout", views.LogoutInitView.as_view()),
    path("slo", views.LogoutView.as_view()),
]
