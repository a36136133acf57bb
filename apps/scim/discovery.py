"""What this service provider says of itself (RFC 7643 sections 5 to 7): no more than is true today."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    Filter,
    Meta,
    Patch,
    Resource,
    ResourceType,
    ServiceProviderConfig,
    Sort,
)

from apps.scim.bodies import MOST_BYTES
from apps.scim.listing import MOST_RESULTS
from apps.scim.patching import MOST_OPERATIONS
from apps.scim.resources import EnterpriseUser, Group, Person

DESCRIPTIONS = {"User": "People in the directory.", "Group": "User groups: what gives people access."}


def base_location(*_: Any, **__: Any) -> str:
    """The setting BASE_LOCATION_GETTER of django-scim2. PUBLIC_URL: a Host header never chooses an address."""
    return str(settings.PUBLIC_URL)


def address(name: str, **kwargs: str) -> str:
    return base_location() + reverse(f"scim:{name}", kwargs=kwargs or None)


class Config:
    """The setting SERVICE_PROVIDER_CONFIG_MODEL of django-scim2, which calls it with the request."""

    def __init__(self, request: Any = None) -> None:
        self.request = request

    def to_dict(self) -> dict[str, Any]:
        bearer = AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="A token made in the console, sent as “Authorization: Bearer …”.",
            primary=True,
        )
        config = ServiceProviderConfig(
            patch=Patch(supported=True),
            bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=MOST_BYTES),
            filter=Filter(supported=True, max_results=MOST_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=True),
            etag=ETag(supported=True),
            authentication_schemes=[bearer],
        )
        return _dumped(config, address("service-provider-config"))


def schemas() -> list[dict[str, Any]]:
    found = [kind.to_schema() for kind in (Person, Group, EnterpriseUser)]
    return [_dumped(schema, address("schemas", uuid=str(schema.id))) for schema in found]


def resource_types() -> list[dict[str, Any]]:
    return [_resource_type(kind) for kind in (Person, Group)]


def _resource_type(kind: Any) -> dict[str, Any]:
    told = ResourceType.from_resource(kind)
    told.description = DESCRIPTIONS[str(told.id)]
    return _dumped(told, address("resource-types", uuid=str(told.id)))


def _dumped(resource: Resource[Any], location: str) -> dict[str, Any]:
    resource.meta = Meta(resource_type=type(resource).__name__, location=location)
    return resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
