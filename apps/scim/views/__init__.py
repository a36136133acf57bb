"""django-scim2's views with our authentication, errors, look-up, lists and versions (docs/decisions)."""
