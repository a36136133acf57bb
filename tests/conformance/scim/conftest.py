from tests.scim.conftest import entra, okta, stranger

__all__ = ["entra", "okta", "stranger"]
