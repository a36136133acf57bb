"""A service provider by the book: what RFC 7643 and 7644 say, with discovery."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from scim2_models import Context, Group, ResourceType, Schema, User

from apps.lib.scim.schemas import SERVICE_PROVIDER_CONFIG
from apps.sandbox.targets import rfc
from apps.sandbox.targets.wire import Answer, Call, Document, Kind, list_of, rfc_refusal, scim_error

_SUPPORTED = {"supported": True}
_NOT = {"supported": False}
_CONFIG: Document = {
    "schemas": [SERVICE_PROVIDER_CONFIG],
    "patch": _SUPPORTED,
    "bulk": _NOT | {"maxOperations": 0, "maxPayloadSize": 0},
    "filter": _SUPPORTED | {"maxResults": rfc.PAGE},
    "changePassword": _SUPPORTED,
    "sort": _NOT,
    "etag": _NOT,
    "authenticationSchemes": [
        {"type": "oauthbearertoken", "name": "Bearer token", "description": "The token of the target's page."}
    ],
}


def service_provider_config(_call: Call) -> Answer:
    return Answer(200, _CONFIG)


def resource_types(_call: Call) -> Answer:
    return _all([ResourceType.from_resource(model) for model in (User, Group)])


def schemas(_call: Call) -> Answer:
    return _all([model.to_schema() for model in (User, Group)])


def _all(resources: Sequence[ResourceType | Schema]) -> Answer:
    dumped = [each.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE) for each in resources]
    return list_of(dumped, total=len(dumped), start_index=1, page_size=len(dumped))


KIND = Kind(
    key="generic",
    real_base_url="",
    source=_("RFC 7643 and RFC 7644"),
    oddities=(
        _("Everything the RFC asks for, but bulk, sorting and ETags."),
        _("Unknown attributes are read and forgotten; a userName or a group name exists once."),
    ),
    routes={
        **rfc.user_routes(keep=dict),
        "DELETE Users/{id}": rfc.delete_user,
        **rfc.group_routes(answers_patch_with=204),
        "GET ServiceProviderConfig": service_provider_config,
        "GET ResourceTypes": resource_types,
        "GET Schemas": schemas,
    },
    refusal=rfc_refusal,
    unauthorized=Answer(401, scim_error("401", "The bearer token is missing or not valid.")),
    elsewhere=Answer(404, scim_error("404", "There is no such endpoint.")),
    wrong_method=Answer(405, scim_error("405", "This endpoint does not have that method.")),
)
