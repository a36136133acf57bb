"""Between a request's document and the directory: what django-scim2's views call. Each refusal is a ScimError or of scim2-models."""

from apps.scim.adapters.groups import GroupAdapter
from apps.scim.adapters.users import UserAdapter

__all__ = ["GroupAdapter", "UserAdapter"]
