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

from apps.scim.resources import User

MOST_RESULTS = 200


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
            bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
            filter=Filter(supported=True, max_results=MOST_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=False),
            etag=ETag(supported=False),
            authentication_schemes=[bearer],
        )
        return _dumped(config, address("service-provider-config"))


def schemas() -> list[dict[str, Any]]:
    schema = User.to_schema()
    return [_dumped(schema, address("schemas", uuid=str(schema.id)))]


def resource_types() -> list[dict[str, Any]]:
    kind = ResourceType.from_resource(User)
    kind.description = "People in the directory."
    return [_dumped(kind, address("resource-types", uuid=str(kind.id)))]


def _dumped(resource: Resource[Any], location: str) -> dict[str, Any]:
    resource.meta = Meta(resource_type=type(resource).__name__, location=location)
    return resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
